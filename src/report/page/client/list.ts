/** A table that can be searched, sorted and paged, and whose rows may unfold. */

interface ListColumn<Row> {
  readonly name: string;
  readonly label: string;
  readonly order: (row: Row) => string | number;
  readonly cell: (row: Row) => Node | string;
}

interface ListOptions<Row> {
  readonly name: string;
  readonly caption: string;
  readonly rows: readonly Row[];
  /** The first one heads the row. */
  readonly columns: readonly [ListColumn<Row>, ...ListColumn<Row>[]];
  /** All that a search looks through. */
  readonly text: (row: Row) => string;
  readonly words: readonly [one: string, many: string];
  readonly placeholder: string;
  readonly unfold?: (row: Row) => Node;
  /** Controls of its own, beside the search. */
  readonly controls?: readonly Node[];
}

interface List<Row> {
  readonly node: HTMLElement;
  /** Shows those rows alone, of which the search then takes its part. */
  keep(wanted: (row: Row) => boolean): void;
}

const pageSize = 100;

const searchable = (text: string): string => text.normalize("NFC").toLowerCase();

/** The rows that are shown, apart from how. */
function selection<Row>({ rows, columns, text }: ListOptions<Row>) {
  const texts = new Map(rows.map((row) => [row, searchable(text(row))]));
  const { compare } = new Intl.Collator("en", { numeric: true });
  let ordered = rows;
  let words: readonly string[] = [];
  let kept: (row: Row) => boolean = () => true;
  return {
    search: (query: string) => {
      words = searchable(query).split(/\s+/).filter(Boolean);
    },
    keep: (wanted: (row: Row) => boolean) => {
      kept = wanted;
    },
    sort: (name: string, descending: boolean) => {
      const order = columns.find((column) => column.name === name)?.order ?? (() => 0);
      const keyed = rows.map((row) => ({ row, key: order(row) }));
      const sign = descending ? -1 : 1;
      keyed.sort(({ key: a }, { key: b }) => sign * (typeof a === "number" ? a - Number(b) : compare(a, String(b))));
      ordered = keyed.map(({ row }) => row);
    },
    hits: (): readonly Row[] =>
      ordered.filter((row) => kept(row) && words.every((word) => texts.get(row)?.includes(word))),
  };
}

function openList<Row>(options: ListOptions<Row>): List<Row> {
  const chosen = selection(options);
  const unfolded = new Set<Row>();
  let hits = options.rows;
  let page = 0;
  let printing = false;
  const body = element("tbody");
  const head = headNode(options, (name, descending) => {
    chosen.sort(name, descending);
    select();
  });
  const table = element(
    "table",
    { class: "list" },
    element("caption", { class: "unseen" }, options.caption),
    head,
    body,
  );
  const pager = openPager((step) => {
    page += step;
    draw();
    table.scrollIntoView({ block: "start" });
  });
  const status = element("p", { role: "status", class: "status" });
  const unfoldAll = element("button", { type: "button", class: "quiet" });
  const draw = (): void => {
    const shown = printing ? hits : hits.slice(page * pageSize, (page + 1) * pageSize);
    const rows = shown.flatMap((row) => rowNodes(options, row, unfolded, drawUnfoldAll));
    body.replaceChildren(together(rows.length > 0 ? rows : [emptyRow(options)]));
    pager.show(page, hits.length);
    drawUnfoldAll();
  };
  const drawUnfoldAll = (): void => {
    unfoldAll.textContent = hits.some((row) => !unfolded.has(row)) ? "Unfold all" : "Fold all";
    unfoldAll.disabled = hits.length === 0;
  };
  const select = (): void => {
    hits = chosen.hits();
    page = 0;
    status.textContent = hitsWords(hits.length, options);
    draw();
  };
  unfoldAll.addEventListener("click", () => {
    const fold = hits.every((row) => unfolded.has(row));
    for (const row of hits) {
      if (fold) unfolded.delete(row);
      else unfolded.add(row);
    }
    draw();
  });
  whenPrinting((now) => {
    if (printing === now) return;
    printing = now;
    draw();
  });
  const search = searchNode(options, (query) => {
    chosen.search(query);
    select();
  });
  select();
  const controls = element("div", { class: "controls" }, search, ...(options.controls ?? []));
  const state = element("div", { class: "state" }, status, ...(options.unfold ? [unfoldAll] : []));
  return {
    node: element("div", { class: "listing", id: options.name }, controls, state, table, pager.node),
    keep: (wanted) => {
      chosen.keep(wanted);
      select();
    },
  };
}

const hitsWords = <Row>(hits: number, { rows, words: [one, many] }: ListOptions<Row>): string =>
  `${hits === rows.length ? "" : `${counted(hits)} of `}${counting(rows.length, one, many)}`;

function searchNode<Row>({ placeholder, words: [, many] }: ListOptions<Row>, search: (query: string) => void): Node {
  const input = element("input", { type: "search", placeholder, autocomplete: "off", spellcheck: "false" });
  input.addEventListener("input", () => search(input.value));
  return element("label", { class: "search" }, element("span", {}, `Search ${many}`), input);
}

/** On paper all rows of the current choice stand, unfolded where they are unfolded. */
function whenPrinting(tell: (printing: boolean) => void): void {
  addEventListener("beforeprint", () => tell(true));
  addEventListener("afterprint", () => tell(false));
  matchMedia("print").addEventListener("change", ({ matches }) => tell(matches));
}

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

function openPager(turn: (step: number) => void) {
  const where = element("span", { class: "where" });
  const previous = element("button", { type: "button" }, "Previous");
  const next = element("button", { type: "button" }, "Next");
  previous.addEventListener("click", () => turn(-1));
  next.addEventListener("click", () => turn(1));
  const node = element("nav", { class: "pager", "aria-label": "Pages" }, previous, where, next);
  return {
    node,
    show: (page: number, rows: number) => {
      const from = page * pageSize;
      const to = Math.min(from + pageSize, rows);
      node.hidden = rows <= pageSize;
      where.textContent = `${counted(from + 1)} to ${counted(to)} of ${counted(rows)}`;
      previous.disabled = page === 0;
      next.disabled = to === rows;
    },
  };
}
