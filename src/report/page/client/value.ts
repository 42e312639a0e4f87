/** Values as people can read them, and never as anything but text. */

/** The same characters as `visible` of the program shows: control, format, surrogate and line-breaking ones. */
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu;
const shortNames: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

const hiddenName = (character: string): string =>
  shortNames[character] ?? `\\u{${character.codePointAt(0)?.toString(16)}}`;

const hiddenNames = (characters: string): string => Array.from(characters, hiddenName).join("");

/** So many elements within one text are slow to lay out. */
const mostMarked = 500;

/** Text, with what cannot be seen as `\u{202e}`, marked where that is not too often. */
function visibleText(text: string): DocumentFragment {
  const nodes = document.createDocumentFragment();
  const found = [...text.matchAll(hidden)];
  if (found.length > mostMarked) {
    nodes.append(text.replace(hidden, hiddenNames));
    return nodes;
  }
  let from = 0;
  for (const { 0: characters, index } of found) {
    nodes.append(text.slice(from, index));
    nodes.append(element("span", { class: "hidden-character" }, hiddenNames(characters)));
    from = index + characters.length;
  }
  nodes.append(text.slice(from));
  return nodes;
}

const longest = 240;
const head = 120;
const tail = 60;

/** The ends of a long text, not cut within a pair of surrogates. */
const foldedText = (text: string): DocumentFragment =>
  visibleText(
    `${text.slice(0, head).replace(/[\ud800-\udbff]$/, "")}…${text.slice(-tail).replace(/^[\udc00-\udfff]/, "")}`,
  );

/** A text that stands by itself: a DN, a reason. */
const textNode = (text: string, name = "text"): HTMLElement =>
  text.length > 2 * longest ? foldedNode(text, name) : element("bdi", { class: name }, visibleText(text));

/** A text on a button, which cannot hold another one that shows all. */
const labelNode = (text: string): HTMLElement =>
  element("bdi", {}, text.length > longest ? foldedText(text) : visibleText(text));

/** A column's value; `NULL` and the empty text look like no text. `marked` is the part that differs. */
function valueNode(value: string | null, marked?: readonly [from: number, to: number]): HTMLElement {
  if (value === null) return element("span", { class: "null" }, "NULL");
  if (value === "") return element("span", { class: "null" }, "empty text");
  if (value.length > longest) return foldedNode(value, "value");
  const [from, to] = marked ?? [0, 0];
  const middle = from < to ? [element("mark", {}, ...spacedNodes(value, from, to))] : [];
  return element("bdi", { class: "value" }, ...spacedNodes(value, 0, from), ...middle, ...spacedNodes(value, to));
}

/** Part of a value; spaces at the value's ends are shown, for they are what `trim` takes away. */
function spacedNodes(value: string, from: number, to = value.length): Node[] {
  const start = Math.min(Math.max(value.length - value.trimStart().length, from), to);
  const end = Math.max(Math.min(value.trimEnd().length, to), start);
  const space = (part: string): Node[] =>
    part === "" ? [] : [element("span", { class: "space", title: "space at the end" }, visibleText(part))];
  return [...space(value.slice(from, start)), visibleText(value.slice(start, end)), ...space(value.slice(end, to))];
}

function foldedNode(text: string, name: string): HTMLElement {
  const button = element(
    "button",
    { type: "button", class: "quiet", "aria-expanded": "false" },
    `show all ${counted(text.length)} characters`,
  );
  const shown = element("bdi", { class: name }, foldedText(text));
  button.addEventListener("click", () => {
    shown.replaceChildren(visibleText(text));
    shown.tabIndex = -1;
    shown.focus();
    button.remove();
  });
  return element("span", {}, shown, " ", button);
}

function rawNode(value: RawValue): HTMLElement {
  if (typeof value === "string") return valueNode(value);
  const more = value.bytes > value.hex.length / 2 ? "… " : " ";
  return element(
    "span",
    {},
    valueNode(`0x${value.hex}`),
    element("span", { class: "note" }, more, counting(value.bytes, "byte")),
  );
}

/** Where two values differ between what they begin and end with alike; nothing where they have little in common. */
function differing(
  from: string,
  to: string,
): { old: readonly [number, number]; new: readonly [number, number] } | undefined {
  const before = Array.from(from);
  const after = Array.from(to);
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start++;
  let end = 0;
  while (end < shorter - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  if (3 * (start + end) < Math.max(before.length, after.length)) return undefined;
  const units = (characters: readonly string[]): readonly [number, number] => [
    characters.slice(0, start).join("").length,
    characters.slice(0, characters.length - end).join("").length,
  ];
  return { old: units(before), new: units(after) };
}
