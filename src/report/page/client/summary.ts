/** What is said of the run as a whole. */

function showHeader(header: PageHeader, end: PageEnd): void {
  const name = header?.name ?? "";
  byId("command").append(header?.command ?? "dry-run");
  document.title = ["idm-ldap-sync", header?.command ?? "dry-run", name].join(" ").trim();
  byId("title").append(
    name === "" || name === "default" ? "What a sync would do" : textNode(`What a sync of ${name} would do`),
  );
  const at = header?.startedAt ?? end.finishedAt;
  const shown = new Date(at).toLocaleString("en-GB", { dateStyle: "long", timeStyle: "long" });
  byId("when").append(element("time", { datetime: at }, shown));
  if (!header) return;
  const facts: readonly (readonly [string, string])[] = [
    ["Source", header.source],
    ["Filter", header.filter],
    ["Active", header.active],
    ["Target", header.target],
    ["End state", header.endState ?? "none is kept"],
    ["Effect", header.effect ?? "written"],
    ["Leavers", leaversWords(header.leavers)],
    ["Run", header.runId],
  ];
  const rows = facts.map(([term, text]) =>
    element("div", {}, element("dt", {}, term), element("dd", {}, textNode(text, "code"))),
  );
  byId("outcome").append(element("dl", { class: "facts" }, ...rows));
}

const leaversWords = (action: string): string =>
  action === "ignore" ? "ignore: rows without an active entry are left as they are" : action;

interface Ending {
  readonly tone: "good" | "warn" | "bad";
  readonly line: (change: string, rejected: string) => string;
  /** What to do next; undefined where the error's own hint says it. */
  readonly next: ((command: string) => string) | undefined;
}

const endings = {
  succeeded: {
    tone: "good",
    line: (change) => `A sync would ${change}.`,
    next: (command) => `If this is what you want, run \`${command}\`.`,
  },
  partial: {
    tone: "warn",
    line: (change, rejected) => `A sync would ${change}, and reject ${rejected}.`,
    next: (command) => `Look at the rejects first: those people are left as they are. Then run \`${command}\`.`,
  },
  failed: { tone: "bad", line: () => "The dry run failed. What is shown here is not complete.", next: undefined },
  refused: {
    tone: "bad",
    line: () => "A sync would be refused by a safety limit.",
    next: () => "Make sure that the change is meant before you raise the limit.",
  },
  locked: { tone: "bad", line: () => "The dry run was not started: another run holds the lock.", next: undefined },
  interrupted: {
    tone: "warn",
    line: () => "The dry run was interrupted. What is shown here is not complete.",
    next: () => "Run it again to see all.",
  },
} satisfies Record<Outcome, Ending>;

/** Where nothing would be written. */
function nothingNext({ read, rejected }: Counts): string {
  if (read === 0) return "No active entry was read: make sure that filter and active are right.";
  if (rejected === 0) return "There is nothing to do: the rows of all entries that were read stay as they are.";
  const others = rejected === read ? "No other entry was read." : "For the others there is nothing to do.";
  return `Look at the rejects: those people are left as they are. ${others}`;
}

function showOutcome(header: PageHeader, end: PageEnd): void {
  const { counts, error } = end;
  const { tone, line, next }: Ending = endings[end.outcome];
  const parts = kindNames.map((name) => kinds[name]).filter(({ count }) => counts[count] > 0);
  const change = new Intl.ListFormat("en-GB").format(
    parts.map(({ count, verb }) => `${verb} ${counted(counts[count])}`),
  );
  const rows = parts.reduce((sum, { count }) => sum + counts[count], 0) === 1 ? "row" : "rows";
  const section = byId("outcome");
  section.classList.add(tone);
  byId("outcome-line").append(
    line(change === "" ? "change nothing" : `${change} ${rows}`, counting(counts.rejected, "entry", "entries")),
  );
  const told: HTMLElement[] = [];
  if (error) {
    const lines = error.message.split("\n").map((text) => element("p", { class: "error" }, textNode(text)));
    told.push(...lines, ...(error.hint === null ? [] : [element("p", { class: "hint" }, textNode(error.hint))]));
  }
  const advice =
    change === "" && (end.outcome === "succeeded" || end.outcome === "partial")
      ? nothingNext(counts)
      : next?.(header?.next ?? "idm-ldap-sync sync");
  if (advice !== undefined) told.push(element("p", { class: "next" }, ...withCode(advice)));
  byId("outcome-line").after(...told);
}

/** What stands between backquotes is a command. */
const withCode = (text: string): (Node | string)[] =>
  text.split("`").map((part, index) => (index % 2 === 0 ? part : element("code", {}, part)));

function showSummary(header: PageHeader, { counts, durationMs, error }: PageEnd): void {
  const all = shares.reduce((sum, { count }) => sum + counts[count], 0);
  byId("summary").hidden = all === 0 && error !== null;
  // Leavers that are not judged are not none.
  const judged = header !== null && header.leavers !== "ignore" && !header.isOfSome;
  const parts = shares
    .filter(({ count }) => counts[count] > 0 || (count === "deactivated" ? judged : count !== "missing"))
    .map((share) => ({ ...share, of: counts[share.count] }));
  const percent = (count: number): string => {
    if (all === 0 || count === 0) return "";
    return count / all < 0.001 ? "under 0.1 %" : `${((100 * count) / all).toFixed(1)} %`;
  };
  const rows = parts.map(({ name, label, of }) =>
    element(
      "li",
      { class: of === 0 ? "zero" : "" },
      element("span", { class: `swatch kind-${name}`, "aria-hidden": "true" }),
      element("span", { class: "label" }, label),
      element("b", { class: "figure" }, counted(of)),
      element(
        "span",
        { class: "note" },
        name === "update" && counts.reactivated > 0 ? `${counted(counts.reactivated)} reactivated · ` : "",
        percent(of),
      ),
    ),
  );
  const read = `${counting(counts.read, "active entry", "active entries")} read in ${(durationMs / 1000).toFixed(1)} s`;
  byId("summary").append(
    element("p", { class: "read" }, read),
    barNode(parts, all),
    element("ul", { class: "legend" }, ...rows),
  );
}

/** Shares of a row of 1000; a share that is there is never too thin to be seen. */
function barNode(
  parts: readonly { readonly name: string; readonly label: string; readonly of: number }[],
  all: number,
): Node {
  const there = parts.filter(({ of }) => of > 0);
  const thinnest = 5;
  const gap = 2;
  const room = 1000 - there.length * thinnest - Math.max(0, there.length - 1) * gap;
  const label = there.map(({ label, of }) => `${label} ${counted(of)}`).join(", ") || "No entries";
  let x = 0;
  const pieces = there.map(({ name, label, of }) => {
    const width = thinnest + (room * of) / all;
    const piece = svgElement(
      "rect",
      { class: `kind-${name}`, x, y: 0, width, height: 20 },
      svgElement("title", {}, `${label}: ${counted(of)}`),
    );
    x += width + gap;
    return piece;
  });
  return svgElement(
    "svg",
    { class: "bar", viewBox: "0 0 1000 20", preserveAspectRatio: "none", role: "img", "aria-label": label },
    ...pieces,
  );
}

const mostMessages = 20;

function showMessages(messages: readonly string[], told: number): void {
  if (told === 0) return;
  const section = byId("messages");
  section.hidden = false;
  const items = messages.map((text, index) => element("li", { hidden: index >= mostMessages }, textNode(text)));
  const list = element("ul", {}, ...items);
  section.append(
    list,
    ...(told > messages.length
      ? [element("p", { class: "note" }, `The first ${counted(messages.length)} of ${counted(told)} are shown.`)]
      : []),
  );
  if (messages.length <= mostMessages) return;
  const button = element("button", { type: "button", class: "quiet" }, `Show all ${counted(messages.length)}`);
  button.addEventListener("click", () => {
    for (const item of items) item.hidden = false;
    button.remove();
  });
  list.after(button);
}

function showMapping(columns: readonly ColumnSource[]): void {
  const rows = columns.map((column) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, textNode(column.name)),
      element("td", { "data-label": "Source" }, textNode(originWords(column), "code")),
      element("td", { "data-label": "Steps" }, stepsNode(column)),
    ),
  );
  const heads = ["Column", "Source", "Steps"].map((label) => element("th", { scope: "col" }, label));
  byId("mapping").append(
    element(
      "table",
      { class: "mapping" },
      element("caption", { class: "unseen" }, "The mapping"),
      element("thead", {}, element("tr", {}, ...heads)),
      element("tbody", {}, ...rows),
    ),
  );
}
