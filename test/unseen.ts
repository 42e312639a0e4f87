/** A character that a terminal would obey, that is not seen, or that moves others; line breaks are none. */
export const unseen = /[^\P{C}\n\p{Co}\p{Cn}]|[\p{Zl}\p{Zp}]/u;
