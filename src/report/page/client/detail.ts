/** The list of changes: what stands in a row, and what one person unfolds to. */

function changeList(
  changes: readonly PageChange[],
  columns: readonly ColumnSource[],
  ofInactive: readonly ColumnSource[],
): HTMLElement {
  const byName = (some: readonly ColumnSource[]) => new Map(some.map((column) => [column.name, column]));
  const sources = byName(columns);
  const sourcesOfInactive = byName([...columns, ...ofInactive]);
  const choice = openChoice(changes, columns, () => list.keep(choice.wanted));
  const list = openList<PageChange>({
    name: "change-list",
    caption: "Changes, a row for each person; the button in the first cell unfolds the person's columns",
    rows: changes,
    words: ["change", "changes"],
    placeholder: "key, DN, any value",
    columns: [
      { name: "key", label: "Key", order: ({ key }) => key, cell: ({ key }) => labelNode(key) },
      { name: "kind", label: "Kind", order: kindOrder, cell: kindNode },
      { name: "dn", label: "DN", order: ({ dn }) => dn, cell: ({ dn }) => textNode(dn, "dn") },
      { name: "columns", label: "Columns", order: (change) => Object.keys(change.columns).length, cell: columnsNode },
    ],
    text: changeText,
    unfold: (change) => changeNode(change, isOfInactive(change) ? sourcesOfInactive : sources),
    controls: choice.nodes,
  });
  return list.node;
}

const kindOrder = ({ kind, reactivated }: PageChange): number => 2 * kindNames.indexOf(kind) + (reactivated ? 1 : 0);

const kindNode = ({ kind, reactivated, adopted, inactive }: PageChange): HTMLElement =>
  element(
    "span",
    { class: "badges" },
    badge(kind, kinds[kind].label),
    ...(reactivated ? [badge("reactivated", "Reactivated")] : []),
    ...(inactive ? [badge("deactivate", "Not active")] : []),
    ...(adopted === undefined ? [] : [badge("adopted", `Adopted by ${adopted}`)]),
  );

const isOfInactive = ({ kind, inactive }: PageChange): boolean => kind === "deactivate" || inactive === true;

const isAdopted = ({ adopted }: PageChange): boolean => adopted !== undefined;

const badge = (kind: string, label: string): HTMLElement => element("span", { class: `badge kind-${kind}` }, label);

/** How many columns, and which where they are few enough to read. */
function columnsNode({ kind, columns }: PageChange): HTMLElement {
  const names = Object.keys(columns);
  const count = element("span", { class: "count" }, counted(names.length));
  const few = kinds[kind].old
    ? [
        " ",
        element("span", { class: "note" }, visibleText(names.slice(0, 4).join(", ")), names.length > 4 ? ", …" : ""),
      ]
    : [];
  return element("span", {}, count, ...few);
}

function changeText({ key, dn, columns, raw }: PageChange): string {
  const differences = Object.values(columns).flatMap(({ from, to }) => [from, to]);
  const values = Object.values(raw ?? {})
    .flat()
    .map((value) => (typeof value === "string" ? value : `0x${value.hex}`));
  return [key, dn, ...differences.filter((value) => value !== null), ...values].join("\n");
}

/** The choice by kind and by column. */
function openChoice(changes: readonly PageChange[], columns: readonly ColumnSource[], changed: () => void) {
  const views: readonly (readonly [label: string, is: (change: PageChange) => boolean])[] = [
    ["All", () => true],
    ...kindNames.map((name) => [kinds[name].label, ({ kind }: PageChange) => kind === name] as const),
    ["Reactivated", ({ reactivated }) => reactivated],
    ...(changes.some(isAdopted) ? [["Adopted", isAdopted] as const] : []),
  ];
  let isKind: (change: PageChange) => boolean = () => true;
  const column = element("select");
  const drawColumns = (): void => {
    const { value } = column;
    const often = new Map(columns.map(({ name }) => [name, 0]));
    for (const change of changes.filter(isKind)) {
      for (const name of Object.keys(change.columns)) often.set(name, (often.get(name) ?? 0) + 1);
    }
    const choices = [...often].filter(([name, count]) => count > 0 || name === value);
    column.replaceChildren(
      element("option", { value: "" }, "any column"),
      ...choices.map(([name, count]) => element("option", { value: name }, visibleText(name), ` (${counted(count)})`)),
    );
    column.value = value;
  };
  const radios = views.flatMap(([label, is], index) => {
    const count = changes.filter(is).length;
    if (index > 0 && count === 0) return [];
    const radio = element("input", { type: "radio", name: "kind", value: label, checked: index === 0 });
    radio.addEventListener("change", () => {
      isKind = is;
      drawColumns();
      changed();
    });
    return [element("label", {}, radio, element("span", {}, `${label} `, element("b", {}, counted(count))))];
  });
  column.addEventListener("change", changed);
  drawColumns();
  return {
    nodes: [
      element("fieldset", { class: "kinds" }, element("legend", {}, "Kind"), element("div", {}, ...radios)),
      element("label", { class: "by-column" }, element("span", {}, "Column"), column),
    ],
    wanted: (change: PageChange) =>
      isKind(change) && (column.value === "" || Object.hasOwn(change.columns, column.value)),
  };
}

/** A person: each column with where it comes from, by which way, and what it was and will be. */
function changeNode(change: PageChange, sources: ReadonlyMap<string, ColumnSource>): HTMLElement {
  const { old } = kinds[change.kind];
  const labels = ["Column", "Source and raw values", "Steps", ...(old ? ["Old", "New"] : ["New"])];
  const rows = Object.entries(change.columns).map(([name, { from, to }]) => {
    const source = sources.get(name);
    const marks = from !== null && to !== null ? differing(from, to) : undefined;
    const cells = [
      sourceNode(source, change, to),
      stepsNode(source),
      ...(old ? [element("div", { class: "old" }, valueNode(from, marks?.old))] : []),
      element("div", { class: "new" }, valueNode(to, marks?.new)),
    ];
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, textNode(name)),
      ...cells.map((cell, index) => element("td", { "data-label": labels[index + 1] ?? "" }, cell)),
    );
  });
  return element(
    "table",
    { class: "columns" },
    element("caption", { class: "unseen" }, textNode(change.dn)),
    element("thead", {}, element("tr", {}, ...labels.map((label) => element("th", { scope: "col" }, label)))),
    element("tbody", {}, ...rows, ...relatedNodes(change, labels.length)),
  );
}

/** What happens in other tables. */
const relatedNodes = ({ related }: PageChange, width: number): HTMLElement[] =>
  Object.entries(related ?? {}).map(([table, rows]) =>
    element(
      "tr",
      { class: "related" },
      element("th", { scope: "row" }, textNode(table)),
      element("td", { colspan: width - 1 }, counting(rows, "row follows", "rows follow")),
    ),
  );
