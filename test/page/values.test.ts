import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { visible } from "../../src/mapping/printable.ts";
import { noCounts } from "../counts.ts";
import { dataOf, keys, texts, usePages } from "./browser.ts";
import { changeEvent, entryOf, finished, header, htmlReport, tell } from "./events.ts";

const { shown, open, path } = usePages();

test("Shows what happened to whom: NULL, empty text, bytes, spaces at the end, no entry", async () => {
  const change = (columns: Record<string, { from: string | null; to: string | null }>) =>
    ({ kind: "update", key: "anna", dn: "uid=anna", columns }) as const;
  const entry = entryOf("uid=anna", {
    mail: [" Anna@example.com ", Buffer.from([0xff, 0x00])],
    sn: [Buffer.alloc(5000, 1)],
  });
  const { page } = await shown("values.html", [
    changeEvent(
      change({
        email: { from: null, to: "anna@example.com" },
        display_name: { from: "Anna Berg", to: "Anna B. Berg" },
        phones: { from: "", to: null },
      }),
      entry,
    ),
    changeEvent({ ...change({ phones: { from: "NULL", to: "empty text" } }), key: "bob" }),
  ]);
  await page.getByRole("button", { name: "Unfold all" }).click();
  const cell = (row: number, column: number) => page.locator(".columns tbody tr").nth(row).locator("> *").nth(column);
  const html = async (row: number, column: number) => (await cell(row, column).textContent()) ?? "";
  expect(await html(0, 1)).toBe("mail Anna@example.com  taken: the smallest0xff00 2 bytes");
  expect(await cell(0, 1).locator(".space").allTextContents()).toEqual([" ", " "]);
  expect(await html(1, 1)).toBe(
    `givenNamenot in the entrysn0x${"01".repeat(59)}…${"01".repeat(30)} show all 8,194 characters… 5,000 bytes`,
  );
  expect(await page.locator(".columns .null").allTextContents()).toEqual(["NULL", "empty text", "NULL"]);
  expect(await page.locator(".columns mark").allTextContents()).toEqual([". B"]);
  expect(await html(3, 1)).toBe("telephoneNumberno entry");
});

test("Says which of several values is taken, and by which rule, where one is", async () => {
  const dn = "uid=anna+ou=Sales,dc=example";
  const columns = {
    username: { from: "b", to: "anna" },
    email: { from: null, to: "a@example.com" },
    display_name: { from: null, to: "Ann Berg" },
    phones: { from: null, to: "1; 2" },
    department: { from: null, to: "Sales" },
  };
  const entry = entryOf(dn, {
    uid: ["ann", "anna"],
    mail: ["b@example.com", "A@example.com "],
    givenName: ["Anna", "Ann"],
    sn: ["Berg"],
    telephoneNumber: ["2", "1"],
    ou: ["Finance", "Sales"],
  });
  const other = { email: { from: null, to: "gone@example.com" } };
  const { page } = await shown("several.html", [
    changeEvent({ kind: "update", key: "anna", dn, columns }, entry),
    changeEvent({ kind: "update", key: "other", dn, columns: other }, entry),
  ]);
  await page.getByRole("button", { name: "Unfold all" }).click();
  expect(await texts(page, ".columns tbody td:nth-child(2)")).toEqual([
    "uidannanna taken: the value in the RDN",
    "mailb@example.comA@example.com  taken: the smallest",
    "givenNameAnnaAnn taken: the smallestsnBerg",
    "telephoneNumber21",
    "ouFinanceSales taken: the value in the RDN",
    "mailb@example.comA@example.com the smallest is taken",
  ]);
});

test("Shows a template as the first step of the attributes that it reads", async () => {
  const { page } = await shown("mapping.html", []);
  const row = page.locator("#mapping tbody tr", { hasText: "display_name" });
  expect(await row.locator("> *").allTextContents()).toEqual([
    "display_name",
    "givenName, sn",
    'template "{givenName} {sn}"collapse-spaces',
  ]);
});

const hostile: readonly string[] = [
  "<script>alert(1)</script>",
  "</script><script>alert(2)</script>",
  "<!-- <script>",
  '"><img src=x onerror=alert(3)>',
  "&amp;&lt;b&gt;",
  "line\u2028separator\u2029end",
  "\u202egnp.exe",
  "lone \ud800 surrogate \udc00 here",
  "nul \u0000 bell \u0007\r\n\tend",
  "__proto__",
  "javascript:alert(4)",
  "e\u0301 \u{1f469}\u200d\u{1f4bb}",
];

test("Shows hostile values as text wherever they come, and runs nothing of them", async () => {
  const long = `<b>${"ä\u0000".repeat(32_768)}`;
  const values = [...hostile, long];
  const name = "<img src=x onerror=alert(5)>";
  const file = path("hostile.html");
  const report = htmlReport(file);
  const text = (all: string) => `${all}</script><script>alert(6)</script>`;
  report({
    type: "started",
    header: {
      ...header,
      name,
      source: text("source"),
      filter: text("filter"),
      active: text("active"),
      target: text("target"),
      endState: text("state"),
      columns: [
        { name, source: text("mail"), attributes: ["mail"], steps: [text("trim")] },
        { name: "__proto__", source: "sn", attributes: ["__proto__"], steps: [] },
      ],
    },
  });
  for (const value of values) {
    const columns = JSON.parse(`{"__proto__":{"from":null,"to":"x"}}`);
    report(
      changeEvent(
        { kind: "update", key: value, dn: value, columns: { ...columns, [name]: { from: value, to: value } } },
        entryOf(value, { mail: [value] }),
      ),
    );
    report({ type: "reject", reject: { dn: value, key: value, column: value, reason: value } });
    report({ type: "warning", message: value });
  }
  report(finished({ outcome: "failed", error: { message: text("message"), hint: text("hint") } }, noCounts));
  const { page, trouble } = await open(file);
  await page.getByRole("button", { name: "Unfold all" }).click();
  const seen = hostile.map(visible);
  const folded = `<b>${"ä\\u{0}".repeat(58)}ä…${"ä\\u{0}".repeat(30)}`;
  const all = [...seen, `${folded} show all 65,539 characters`];
  expect(await keys(page)).toEqual([...seen, folded]);
  expect(await texts(page, "#change-list > table > tbody > tr > td.column-dn")).toEqual(all);
  expect(await page.locator("#page img, #page b:has-text('ä'), #page script").count()).toBe(0);
  expect(await texts(page, ".columns .new")).toEqual(expect.arrayContaining(seen));
  expect(await texts(page, ".raw li")).toEqual(expect.arrayContaining(seen));
  expect(await texts(page, "#reject-list tbody td.column-reason")).toEqual(all);
  // Words of a warning come as people see them everywhere.
  expect(await texts(page, "#messages li")).toEqual([
    ...seen,
    expect.stringMatching(/^<b>(ä\\u\{0\})+ä?.{0,5}….*(ä\\u\{0\})+ show all 196,611 characters$/),
  ]);
  expect(await texts(page, ".error, .hint")).toEqual([text("message"), text("hint")]);
  expect(await texts(page, "#mapping tbody th")).toEqual([name, "__proto__"]);
  await page
    .locator(".columns .new")
    .getByRole("button", { name: /^show all/ })
    .first()
    .click();
  expect(await page.locator(".columns .new bdi.value:focus").textContent()).toBe(visible(long));
  expect(trouble).toEqual([]);
  expect(
    dataOf(file, "records")
      .flat()
      .filter((record) => (record as unknown[])[0] === "messages"),
  ).toEqual(values.map((value) => ["messages", visible(value)]));
});

test("Runs no script but its own", async () => {
  tell(htmlReport(path("policy.html")), []);
  const html = readFileSync(path("policy.html"), "utf8");
  writeFileSync(
    path("policy.html"),
    html.replace(
      "</body>",
      "<script>document.title = 'run'</script><img src=x onerror=\"document.title='run'\"></body>",
    ),
  );
  const { page, trouble } = await open(path("policy.html"));
  expect(await page.title()).toBe("idm-ldap-sync dry-run staff");
  expect(trouble.filter((line) => line.includes("violates the following Content Security Policy"))).toHaveLength(3);
});
