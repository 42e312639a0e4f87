/** Letters that collations call the same as others, and that Unicode does not take apart. */
const alike: Readonly<Record<string, string>> = {
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ø: "o",
  đ: "d",
  ð: "d",
  ħ: "h",
  ı: "i",
  ł: "l",
  ŋ: "n",
  ſ: "s",
  ς: "σ",
  þ: "th",
  ŧ: "t",
  ё: "е",
};
const someAlike = new RegExp(`[${Object.keys(alike).join("")}]`, "gu");

/**
 * Letter case, accents, compatibility forms, signs that are not seen and trailing spaces do not count, as in the most
 * generous collation. For where one row too many does no harm.
 */
export const foldGenerously = (text: string): string =>
  text
    .normalize("NFKD")
    .replace(/[\p{M}\p{Cc}\p{Cf}]/gu, "")
    .toLowerCase()
    .replace(someAlike, (letter) => alike[letter] ?? letter)
    .trimEnd();

/**
 * The text without this character at its end. Scanned: a pattern such as `/ +$/` begins anew at each space, which for a
 * million of them takes minutes.
 */
export function withoutTrailing(text: string, character: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === character) end -= 1;
  return text.slice(0, end);
}
