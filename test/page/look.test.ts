import { describe, expect, test } from "vitest";
import type { SyncEvent } from "../../src/report/event.ts";
import { usePages } from "./browser.ts";
import { changeEvent, personEvent, range } from "./events.ts";

const { shown } = usePages();

describe("is readable", () => {
  const events = [
    ...range(20, personEvent),
    { type: "warning", message: "a warning" },
    { type: "reject", reject: { dn: "uid=x", key: "x", column: "email", reason: "no" } },
  ] as const satisfies readonly SyncEvent[];

  test.each(["light", "dark"] as const)(
    "in %s, each text on its ground with a contrast of 4.5 and more",
    async (colorScheme) => {
      const { page } = await shown(`${colorScheme}.html`, [...events, { type: "unchanged", users: 100 }], {
        colorScheme,
      });
      await page.getByRole("button", { name: "Unfold all" }).click();
      const measured = await page.evaluate(contrasts);
      expect(measured.count).toBeGreaterThan(300);
      expect(measured.low).toEqual([]);
    },
  );

  test("light and dark are not the same", async () => {
    const grounds = await Promise.all(
      (["light", "dark"] as const).map(async (colorScheme) => {
        const { page } = await shown(`ground-${colorScheme}.html`, events, { colorScheme });
        return page.evaluate(() => [
          getComputedStyle(document.body).backgroundColor,
          getComputedStyle(document.body).color,
        ]);
      }),
    );
    expect(grounds).toEqual([
      ["rgb(246, 247, 248)", "rgb(27, 33, 38)"],
      ["rgb(18, 22, 26)", "rgb(228, 232, 236)"],
    ]);
  });

  test("gives a DN and a reason more room than what they are about, so that they are not cut into letters", async () => {
    const { page } = await shown("widths.html", events);
    const width = async (column: string) =>
      (await page.locator(`#reject-list thead .column-${column}`).boundingBox())?.width ?? 0;
    const [key, dn, column, reason] = await Promise.all(["key", "dn", "column", "reason"].map(width));
    expect([dn, reason].map((wide) => Number(wide) > 1.5 * Number(key) && Number(key) > Number(column))).toEqual([
      true,
      true,
    ]);
  });

  test("on a phone without scrolling to the side, unfolded too", async () => {
    const wide = changeEvent({
      kind: "insert",
      key: "k".repeat(90),
      dn: `uid=${"d".repeat(300)}`,
      columns: { email: { from: null, to: "v".repeat(200) } },
    });
    const { page } = await shown("phone.html", [wide, ...events], { viewport: { width: 320, height: 640 } });
    await page.getByRole("button", { name: "Unfold all" }).click();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
  });
});

/** In the page: texts whose contrast with their ground is under 4.5 (WCAG 2.2, relative luminance). */
function contrasts(): { count: number; low: string[] } {
  const parts = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (colour: string) => {
    const [red = 0, green = 0, blue = 0] = parts(colour).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = (at: Element | null): string => {
    const colour = at ? getComputedStyle(at).backgroundColor : "rgb(255, 255, 255)";
    return parts(colour)[3] === 0 ? ground(at?.parentElement ?? null) : colour;
  };
  const low: string[] = [];
  let count = 0;
  const walker = document.createTreeWalker(document.querySelector("#page") as Element, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const holder = node.parentElement as Element;
    if (!node.textContent?.trim() || !holder.checkVisibility()) continue;
    const [a = 0, b = 0] = [luminance(getComputedStyle(holder).color), luminance(ground(holder))].sort((x, y) => y - x);
    count += 1;
    if ((a + 0.05) / (b + 0.05) < 4.5) low.push(`${node.textContent} ${(a + 0.05) / (b + 0.05)}`);
  }
  return { count, low };
}
