import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

/** Debian's browser, and pages in it that are watched for what they must not do. */

export const openBrowser = (): Promise<Browser> =>
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

export interface WatchedPage {
  readonly page: Page;
  /** Dialogs, lines on the console, errors, and requests beside that for the file. */
  readonly trouble: readonly string[];
}

/** Opens a report and waits until its script has shown it. */
export async function openReport(
  browser: Browser,
  file: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
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
  await page.locator("#page").waitFor();
  return { page, trouble };
}

/** What a page holds as data, block by block. */
export const dataOf = (file: string, name: string): unknown[] =>
  [...readFileSync(file, "utf8").matchAll(/<script type="application\/json" data-name="(\w+)">(.*?)<\/script>/gs)]
    .filter(([, found]) => found === name)
    .map(([, , json]) => JSON.parse(json ?? ""));
