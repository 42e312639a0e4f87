/** Which rows of a list are shown, and in which order, apart from how. */

const searchable = (text: string): string => text.normalize("NFC").toLowerCase();

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
