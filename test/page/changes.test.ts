import type { Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import type { SyncEvent } from "../../src/report/event.ts";
import { keys, status, texts, usePages } from "./browser.ts";
import { personEvent, range } from "./events.ts";

const { shown } = usePages();

describe("a page of 10,000 changes", () => {
  const events = range(10_000, personEvent);
  const changes = events.flatMap((event) => (event.type === "change" ? [event] : []));
  let page: Page;
  let trouble: readonly string[];

  beforeAll(async () => {
    ({ page, trouble } = await shown("many.html", events));
  });

  const search = (text: string) => page.getByLabel("Search changes").fill(text);

  test("says what would happen, and shows the first hundred", async () => {
    expect(await page.locator("#outcome-line").textContent()).toBe("A sync would insert 8,000 and update 2,000 rows.");
    expect(await texts(page, ".legend li .label")).toEqual(["New", "Changed", "Unchanged", "Rejected"]);
    expect(await texts(page, ".legend li .figure")).toEqual(["8,000", "2,000", "0", "0"]);
    expect(await page.locator(".bar").getAttribute("aria-label")).toBe("New 8,000, Changed 2,000");
    expect(await status(page)).toBe("10,000 changes");
    expect(await keys(page)).toEqual(changes.slice(0, 100).map(({ change }) => change.key));
  });

  test("is searched by key, by DN, by a value and by a raw value, all words of it", async () => {
    const raw = (index: number) => String(changes[index]?.entry?.attributes.get("telephonenumber")?.[0] ?? "");
    const withPhone = changes.findIndex((_, index) => index % 5 === 1 && raw(index) !== "");
    const answers: string[][] = [];
    for (const text of [
      "U004321",
      "uid=u004321,ou=people",
      ".4321@EXAMPLE.com",
      `u00 ${raw(withPhone)}`,
      "ou=zürich u009",
      "nobody",
    ]) {
      await search(text);
      answers.push([(await status(page)) ?? "", ...(await keys(page)).slice(0, 2)]);
    }
    await search("");
    expect(answers).toEqual([
      ["1 of 10,000 changes", "u004321"],
      ["1 of 10,000 changes", "u004321"],
      ["1 of 10,000 changes", "u004321"],
      ["1 of 10,000 changes", changes[withPhone]?.change.key],
      ["25 of 10,000 changes", "u009007", "u009047"],
      ["0 of 10,000 changes"],
    ]);
  });

  test("is sorted by key, kind, DN and number of columns, either way, and says how", async () => {
    const sorted = async (label: string) => {
      await page.locator("#change-list").getByRole("button", { name: label, exact: true }).click();
      const how = await page
        .locator("#change-list > table > thead [aria-sort]:not([aria-sort=none])")
        .evaluateAll((heads) => heads.map((head) => `${head.textContent} ${head.getAttribute("aria-sort")}`));
      return [...how, (await keys(page))[0]];
    };
    const by = <T>(value: (event: (typeof changes)[number]) => T, sign: number) =>
      [...changes].sort((a, b) => sign * (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0))[0]?.change.key;
    const columns = ({ change }: (typeof changes)[number]) => Object.keys(change.columns).length;
    expect([await sorted("Key"), await sorted("Key"), await sorted("Key")]).toEqual([
      ["Key ascending", "u000000"],
      ["Key descending", "u009999"],
      ["Key ascending", "u000000"],
    ]);
    expect([await sorted("Kind"), await sorted("Kind")]).toEqual([
      ["Kind ascending", "u000001"],
      ["Kind descending", "u000000"],
    ]);
    expect([await sorted("Columns"), await sorted("Columns")]).toEqual([
      ["Columns ascending", by(columns, 1)],
      ["Columns descending", by(columns, -1)],
    ]);
    expect([await sorted("DN"), await sorted("DN")]).toEqual([
      ["DN ascending", "u000000"],
      ["DN descending", "u009999"],
    ]);
    await sorted("Key");
  });

  test("is filtered by kind and by column, with how often each column changes", async () => {
    const often = (is: (event: (typeof changes)[number]) => boolean, column: string) =>
      changes.filter((event) => is(event) && column in event.change.columns).length.toLocaleString("en-US");
    const choose = page.getByRole("combobox", { name: "Column" });
    const updated = ({ change }: (typeof changes)[number]) => change.kind === "update";
    await page.getByRole("radio", { name: "Changed 2,000" }).check();
    expect(await status(page)).toBe("2,000 of 10,000 changes");
    expect(await choose.locator("option").allTextContents()).toEqual([
      "any column",
      ...["email", "display_name", "phones", "department", "state"].map((name) => `${name} (${often(updated, name)})`),
    ]);
    await choose.selectOption("state");
    expect(await status(page)).toBe("200 of 10,000 changes");
    await page.getByRole("radio", { name: "Reactivated 200" }).check();
    expect(await status(page)).toBe("200 of 10,000 changes");
    await page.getByRole("radio", { name: "All 10,000" }).check();
    expect(await status(page)).toBe("8,200 of 10,000 changes");
    await choose.selectOption("");
  });

  test("is turned from page to page", async () => {
    const pager = page.getByRole("navigation", { name: "Pages" });
    await pager.getByRole("button", { name: "Next" }).click();
    expect(await pager.locator(".where").textContent()).toBe("101 to 200 of 10,000");
    expect((await keys(page)).at(0)).toBe("u000100");
    await pager.getByRole("button", { name: "Previous" }).click();
    expect((await keys(page)).at(0)).toBe("u000000");
  });

  test("is used by keyboard alone: to the changes, to a person, unfolded and folded", async () => {
    await page.reload();
    await page.locator("#page").waitFor();
    const focused = () => page.evaluate(() => document.activeElement?.textContent || document.activeElement?.tagName);
    await page.locator("body").press("Tab");
    expect(await focused()).toBe("Skip to the changes");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await page.keyboard.type("u000100");
    expect(await status(page)).toBe("1 of 10,000 changes");
    // By kind, by column, unfold all, and the four heads of the table.
    for (let stop = 0; stop < 8; stop++) await page.keyboard.press("Tab");
    expect(await focused()).toBe("u000100");
    await page.keyboard.press("Enter");
    const toggle = page.locator("#change-list .toggle");
    expect(await toggle.getAttribute("aria-expanded")).toBe("true");
    expect(await focused()).toBe("u000100");
    const cells = await page
      .locator(".columns tbody tr")
      .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent)));
    const [mail = "", second = ""] = (changes[100]?.entry?.attributes.get("mail") ?? []) as string[];
    const { email, display_name } = changes[100]?.change.columns ?? {};
    const [given, family] = display_name?.to?.split(" ") ?? [];
    const taken = (value: string) => (value.trim().toLowerCase() === email?.to ? " taken: the smallest" : "");
    expect(cells).toEqual([
      ["email", `mail${mail}${taken(mail)}${second}${taken(second)}`, "trimlowercase", email?.from, email?.to],
      [
        "display_name",
        `givenName${given}sn${family}`,
        'template "{givenName} {sn}"collapse-spaces',
        display_name?.from,
        display_name?.to,
      ],
      ["state", "state.active", "as it is", "inactive", "active"],
    ]);
    expect(await page.locator(`#${await toggle.getAttribute("aria-controls")}`).count()).toBe(1);
    const outline = () => page.evaluate(() => getComputedStyle(document.activeElement as Element).outlineStyle);
    expect(await outline()).toBe("solid");
    await page.keyboard.press("Space");
    expect(await toggle.getAttribute("aria-expanded")).toBe("false");
    expect(await page.locator(".columns").count()).toBe(0);
    await search("");
  });

  test("prints every row of the filter, unfolded where it is unfolded", async () => {
    await search("u00012");
    await page.locator("#change-list .toggle").first().click();
    await search("u000");
    const rows = page.locator("#change-list > table > tbody > tr:not(.unfolded)");
    expect(await rows.count()).toBe(100);
    await page.emulateMedia({ media: "print" });
    await expect.poll(() => rows.count()).toBe(1000);
    expect(await page.locator(".columns").count()).toBe(1);
    expect(await page.locator(".controls:visible, .pager:visible, .quiet:visible").count()).toBe(0);
    await page.emulateMedia({ media: "screen" });
    await expect.poll(() => rows.count()).toBe(100);
    await page.evaluate(() =>
      addEventListener("beforeprint", () => {
        document.body.dataset.rows = String(document.querySelectorAll("#change-list .toggle").length);
      }),
    );
    await page.pdf();
    expect(await page.locator("body").getAttribute("data-rows")).toBe("1000");
    await search("");
  });

  test("does nothing but show: no console line, no dialog, no request", () => {
    expect(trouble).toEqual([]);
  });
});

test("Searches the rejects, and says where there is no key", async () => {
  const reject = (index: number): SyncEvent => ({
    type: "reject",
    reject: {
      dn: `uid=u${index}`,
      key: index === 0 ? "" : `u${index}`,
      column: "email",
      reason: `has "a${index}@example.com"`,
    },
  });
  const { page } = await shown("rejects.html", range(150, reject));
  const list = page.locator("#reject-list");
  const cells = () => list.locator("tbody tr").first().locator("> *").allTextContents();
  expect(await cells()).toEqual(["none", "uid=u0", "email", 'has "a0@example.com"']);
  await page.getByLabel("Search rejects").fill("A149@");
  expect(await list.locator(".status").textContent()).toBe("1 of 150 rejects");
  expect(await cells()).toEqual(["u149", "uid=u149", "email", 'has "a149@example.com"']);
  expect(await page.locator("#changes .note").textContent()).toBe("Nothing would change.");
});
