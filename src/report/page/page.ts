import type { ColumnSource, Report, Summary } from "../event.ts";
import { openResultFile } from "../result-file.ts";
import { type ListName, listOf, type PageEnd, type PageHeader, recordOf, scriptJson } from "./data.ts";
import { begin, dataBlock, end, loadAssets, ours } from "./markup.ts";

/** What a browser on a laptop opens at once. */
const most = { changes: 50_000, rejects: 50_000, messages: 1_000 } satisfies Record<ListName, number>;
/** For people with long values; in characters of JSON. */
const mostText = 64 * 1024 * 1024;
const chunk = 256 * 1024;

/**
 * `--report`: one HTML page for people, whole in itself. It is written while the run goes on, the data in pieces of some
 * 256 KiB, so that memory does not grow with the number of changes; the script that shows them is its last part.
 *
 * @param safe takes secrets out of what is said
 */
export function htmlReport(file: string, safe: (text: string) => string): Report {
  const result = openResultFile("--report", file, ours);
  const assets = loadAssets();
  const told = { changes: 0, rejects: 0, messages: 0 };
  let columns: ReadonlyMap<string, ColumnSource> = new Map();
  let pending = "";
  let text = 0;
  let begun = false;
  let broken = false;
  const write = (html: string): void => {
    // A full disk is told once; the end of the run must not fail for it again.
    broken = true;
    result.write(html, () => "the page is not complete; make room and run again");
    broken = false;
  };
  const start = (header: PageHeader): void => {
    result.empty();
    write(begin(assets, header));
    begun = true;
  };
  const flush = (): void => {
    if (pending !== "") write(dataBlock("records", `[${pending}]`));
    pending = "";
  };
  return (event) => {
    if (event.type === "started") {
      columns = new Map(event.header.columns.map((column) => [column.name, column]));
      start({ ...event.header, startedAt: event.header.startedAt.toISOString() });
    }
    const list = listOf(event);
    if (list !== undefined) {
      told[list] += 1;
      if (told[list] <= most[list] && text < mostText) {
        const json = scriptJson(recordOf(event, columns, safe));
        text += json.length;
        pending += pending === "" ? json : `,\n${json}`;
      }
    }
    // A batch at least, as the other files: a write that fails must not come between the changes of one.
    if (event.type === "progress" && begun && !broken && pending.length >= chunk) flush();
    if (event.type !== "finished") return;
    if (!broken) {
      if (!begun) start(null);
      flush();
      write(end(assets, pageEnd(event.summary, told)));
    }
    result.close();
  };
}

const pageEnd = (summary: Summary, told: PageEnd["told"]): PageEnd => ({
  ...summary,
  finishedAt: summary.finishedAt.toISOString(),
  told,
});
