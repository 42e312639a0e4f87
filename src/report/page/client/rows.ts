/** The rows of a list, and what they unfold to. */

function headNode<Row>({ columns }: ListOptions<Row>, sort: (name: string, descending: boolean) => void): HTMLElement {
  const heads = columns.map(({ name, label }) => {
    const arrow = element("span", { class: "arrow", "aria-hidden": "true" });
    const button = element("button", { type: "button", class: "sort" }, label, arrow);
    const head = element("th", { scope: "col", class: `column-${name}`, "aria-sort": "none" }, button);
    button.addEventListener("click", () => {
      const descending = head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.setAttribute("aria-sort", "none");
      head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      sort(name, descending);
    });
    return head;
  });
  return element("thead", {}, element("tr", {}, ...heads));
}

/** The body of the table, and the button that unfolds all rows of the choice or folds them. */
function openRows<Row>(options: ListOptions<Row>, hits: () => readonly Row[], redraw: () => void) {
  const unfolded = new Set<Row>();
  const body = element("tbody");
  const unfoldAll = element("button", { type: "button", class: "quiet" });
  const drawUnfoldAll = (): void => {
    unfoldAll.textContent = hits().some((row) => !unfolded.has(row)) ? "Unfold all" : "Fold all";
    unfoldAll.disabled = hits().length === 0;
  };
  unfoldAll.addEventListener("click", () => {
    const fold = hits().every((row) => unfolded.has(row));
    for (const row of hits()) {
      if (fold) unfolded.delete(row);
      else unfolded.add(row);
    }
    redraw();
  });
  return {
    body,
    unfoldAll,
    draw: (shown: readonly Row[]): void => {
      const rows = shown.flatMap((row) => rowNodes(options, row, unfolded, drawUnfoldAll));
      body.replaceChildren(together(rows.length > 0 ? rows : [emptyRow(options)]));
      drawUnfoldAll();
    },
  };
}

const emptyRow = <Row>({ columns, words: [, many] }: ListOptions<Row>): HTMLElement =>
  element("tr", { class: "none" }, element("td", { colspan: columns.length }, `No ${many} match.`));

let rowNumber = 0;

function rowNodes<Row>(
  { columns, unfold }: ListOptions<Row>,
  row: Row,
  unfolded: Set<Row>,
  changed: () => void,
): readonly HTMLElement[] {
  const [first, ...others] = columns;
  const cells = others.map(({ name, label, cell }) =>
    element("td", { class: `column-${name}`, "data-label": label }, cell(row)),
  );
  const heading = element("th", { scope: "row", class: `column-${first.name}` });
  const line = element("tr", {}, heading, ...cells);
  if (!unfold) {
    heading.append(first.cell(row));
    return [line];
  }
  const id = `unfolded-${++rowNumber}`;
  const open = () => element("tr", { class: "unfolded", id }, element("td", { colspan: columns.length }, unfold(row)));
  const isOpen = unfolded.has(row);
  const button = element(
    "button",
    { type: "button", class: "toggle", "aria-expanded": String(isOpen), "aria-controls": id },
    first.cell(row),
  );
  button.addEventListener("click", () => {
    const now = !unfolded.has(row);
    button.setAttribute("aria-expanded", String(now));
    if (now) {
      line.after(open());
      unfolded.add(row);
    } else {
      line.nextElementSibling?.remove();
      unfolded.delete(row);
    }
    changed();
  });
  heading.append(button);
  return isOpen ? [line, open()] : [line];
}
