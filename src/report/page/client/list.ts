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

function openList<Row>(options: ListOptions<Row>): List<Row> {
  const chosen = selection(options);
  let hits = options.rows;
  let page = 0;
  let printing = false;
  const draw = (): void => {
    rows.draw(printing ? hits : hits.slice(page * pageSize, (page + 1) * pageSize));
    pager.show(page, hits.length);
  };
  const rows = openRows(options, () => hits, draw);
  const head = headNode(options, (name, descending) => {
    chosen.sort(name, descending);
    select();
  });
  const caption = element("caption", { class: "unseen" }, options.caption);
  const table = element("table", { class: "list" }, caption, head, rows.body);
  const pager = openPager((step) => {
    page += step;
    draw();
    table.scrollIntoView({ block: "start" });
  });
  const status = element("p", { role: "status", class: "status" });
  const select = (): void => {
    hits = chosen.hits();
    page = 0;
    status.textContent = hitsWords(hits.length, options);
    draw();
  };
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
  const state = element("div", { class: "state" }, status, ...(options.unfold ? [rows.unfoldAll] : []));
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
