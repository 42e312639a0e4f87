/** Reads the data of the page and shows it. */

const dataBlocks = (name: string): readonly unknown[] =>
  [...document.querySelectorAll(`script[data-name="${name}"]`)].map((block) => JSON.parse(block.textContent ?? ""));

function readLists(): { readonly [Name in keyof PageLists]: PageLists[Name][] } {
  const lists: { readonly [Name in keyof PageLists]: PageLists[Name][] } = { changes: [], rejects: [], messages: [] };
  for (const [name, record] of (dataBlocks("records") as PageRecord[][]).flat()) {
    (lists[name] as (typeof record)[]).push(record);
  }
  return lists;
}

const rejectList = (rejects: readonly Reject[]): HTMLElement =>
  openList<Reject>({
    name: "reject-list",
    caption: "Rejects, a row for each entry",
    rows: rejects,
    words: ["reject", "rejects"],
    placeholder: "key, DN, column, reason",
    columns: [
      {
        name: "key",
        label: "Key",
        order: ({ key }) => key,
        cell: ({ key }) => orNone(key),
      },
      { name: "dn", label: "DN", order: ({ dn }) => dn, cell: ({ dn }) => textNode(dn, "dn") },
      { name: "column", label: "Column", order: ({ column }) => column, cell: ({ column }) => orNone(column) },
      { name: "reason", label: "Reason", order: ({ reason }) => reason, cell: ({ reason }) => textNode(reason) },
    ],
    text: ({ key, dn, column, reason }) => [key, dn, column, reason].join("\n"),
  }).node;

/** A key or a column that a reject need not have. */
const orNone = (text: string): HTMLElement =>
  text === "" ? element("span", { class: "note" }, "none") : textNode(text);

/** A list, what is said where it is empty, and where the rest is that the page does not hold. */
function showList(name: "changes" | "rejects", none: string, shown: number, told: number, list: () => Node): void {
  const section = byId(name);
  if (told === 0) {
    section.append(element("p", { class: "note" }, none));
    return;
  }
  if (told > shown) {
    const rest = `The first ${counted(shown)} of ${counted(told)} ${name} are in this page; \`--${name} FILE\` holds all.`;
    section.append(element("p", { class: "bound" }, ...withCode(rest)));
  }
  section.append(list());
}

function start(): void {
  const header = (dataBlocks("header") as PageHeader[])[0] ?? null;
  const [end] = dataBlocks("end") as [PageEnd];
  const { changes, rejects, messages } = readLists();
  const columns = header?.columns ?? [];
  showHeader(header, end);
  showOutcome(header, end);
  showSummary(header, end);
  showMessages(messages, end.told.messages);
  const stopped = end.error ? "The run ended before there was any." : undefined;
  showList("changes", stopped ?? "Nothing would change.", changes.length, end.told.changes, () =>
    changeList(changes, columns, header?.ofInactive ?? []),
  );
  showList("rejects", stopped ?? "No entry was rejected.", rejects.length, end.told.rejects, () => rejectList(rejects));
  if (header) showMapping(columns);
  else byId("mapping").hidden = true;
  byId("about").append("Made by idm-ldap-sync. It holds people's data: treat it as such.");
  byId("unfinished").remove();
  byId("page").hidden = false;
}

start();
