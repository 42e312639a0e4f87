import stringWidth from "string-width";

/** The one door to string-width: how many columns a text takes on a terminal, and a text filled up to so many. */
export const widthOf = (text: string): number => stringWidth(text);

export const padTo = (text: string, width: number): string => text + " ".repeat(Math.max(0, width - widthOf(text)));
