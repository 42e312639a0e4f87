/**
 * Letter case, accents, compatibility forms and trailing spaces do not count, as in the most generous collation. For
 * where one row too many does no harm.
 */
export const foldGenerously = (text: string): string =>
  text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replaceAll("ß", "ss").trimEnd();

/**
 * The text without this character at its end. Scanned: a pattern such as `/ +$/` begins anew at each space, which for a
 * million of them takes minutes.
 */
export function withoutTrailing(text: string, character: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === character) end -= 1;
  return text.slice(0, end);
}
