import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import type { SyncEvent } from "../../src/report/event.ts";
import { instanceFolder } from "../servers/folder.ts";
import { htmlReport, tell } from "./events.ts";

/** Debian's browser, and pages in it that are watched for what they must not do. */

const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });

interface WatchedPage {
  readonly page: Page;
  /** Dialogs, lines on the console, errors, and requests beside that for the file. */
  readonly trouble: readonly string[];
}

/** Opens a report and waits until its script has shown it. */
async function openReport(browser: Browser, file: string, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const url = pathToFileURL(file).href;
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
  const trouble: string[] = [];
  page.on("console", (message) => trouble.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => trouble.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => {
    trouble.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    if (request.url() !== url) trouble.push(`request: ${request.url()}`);
  });
  await page.goto(url);
  try {
    await page.locator("#page").waitFor({ timeout: 10_000 });
  } catch (cause) {
    throw new Error(`the page is not shown: ${trouble.join("; ")}`, { cause });
  }
  return { page, trouble };
}

/** What a page holds as data, block by block. */
export const dataOf = (file: string, name: string): unknown[] =>
  [...readFileSync(file, "utf8").matchAll(/<script type="application\/json" data-name="(\w+)">(.*?)<\/script>/gs)]
    .filter(([, found]) => found === name)
    .map(([, , json]) => JSON.parse(json ?? ""));

/** For a test file: one browser, and a folder for its reports. */
export function usePages() {
  let browser: Browser;
  let folder: string;
  beforeAll(async () => {
    browser = await openBrowser();
    folder = await instanceFolder("report-");
  });
  afterAll(() => browser.close());
  const path = (name: string): string => join(folder, name);
  const open = (file: string, options?: BrowserContextOptions) => openReport(browser, file, options);
  return {
    browser: () => browser,
    path,
    open,
    /** The report of a run of these events, open in the browser. */
    shown: (name: string, events: Iterable<SyncEvent>, options?: BrowserContextOptions): Promise<WatchedPage> => {
      tell(htmlReport(path(name)), events);
      return open(path(name), options);
    },
  };
}

/** The keys of the changes that stand in the table. */
export const keys = (page: Page): Promise<string[]> => texts(page, "#change-list .toggle");

/** How many changes are found. */
export const status = (page: Page): Promise<string | null> => page.locator("#change-list .status").textContent();

export const texts = (page: Page, selector: string): Promise<string[]> => page.locator(selector).allTextContents();
