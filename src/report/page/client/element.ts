/** Elements are made by name, and what comes from outside becomes a text node: nothing is ever parsed as HTML. */

type Attributes = Readonly<Record<string, string | number | boolean>>;

/** A table that is laid out in blocks, as on a phone, is one to a screen reader only where its roles are told. */
const tableRoles: Readonly<Record<string, string>> = {
  table: "table",
  thead: "rowgroup",
  tbody: "rowgroup",
  tr: "row",
  td: "cell",
};
const headRoles: Readonly<Record<string, string>> = { col: "columnheader", row: "rowheader" };

function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const role = tableRoles[tag] ?? (tag === "th" ? headRoles[String(attributes.scope)] : undefined);
  return dressed(document.createElement(tag), role === undefined ? attributes : { role, ...attributes }, children);
}

function svgElement(tag: string, attributes: Attributes = {}, ...children: readonly (Node | string)[]): SVGElement {
  return dressed(document.createElementNS("http://www.w3.org/2000/svg", tag) as SVGElement, attributes, children);
}

function dressed<Made extends Element>(made: Made, attributes: Attributes, children: readonly (Node | string)[]): Made {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children);
  return made;
}

/** One node of many: as arguments, tens of thousands overflow the stack. */
function together(nodes: Iterable<Node>): DocumentFragment {
  const all = document.createDocumentFragment();
  for (const node of nodes) all.append(node);
  return all;
}

function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

const counted = (value: number): string => value.toLocaleString("en-US");

const counting = (count: number, one: string, many = `${one}s`): string =>
  `${counted(count)} ${count === 1 ? one : many}`;
