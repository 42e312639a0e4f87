import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { ownFile } from "../../own-file.ts";
import { type PageEnd, type PageHeader, scriptJson } from "./data.ts";

/** The parts of the client, in an order in which each finds what it uses. */
const scripts = "element kinds value selection pager rows list source detail summary start".split(" ");
/** Later ones rule over earlier ones: paper and a phone over the screen. */
const styles = ["colours", "text", "outcome", "summary", "controls", "tables", "phone", "print"] as const;

/** What the build makes of the client and the style. */
interface Assets {
  readonly style: string;
  readonly script: string;
}

export function loadAssets(): Assets {
  const read = (name: string) => readFileSync(ownFile(`dist/page/${name}`), "utf8");
  return {
    style: styles.map((name) => read(`style/${name}.css`)).join(""),
    script: `"use strict";\n${scripts.map((name) => read(`client/${name}.js`)).join("")}`,
  };
}

/** How a page of ours begins. */
export const ours = /^<!doctype html>\n<!-- idm-ldap-sync --report -->\n/;

/** Scripts and styles run by their hash alone, and nothing is loaded from anywhere (https://www.w3.org/TR/CSP3/). */
const policy = ({ style, script }: Assets): string =>
  `default-src 'none'; script-src '${sourceHash(script)}'; style-src '${sourceHash(style)}'; base-uri 'none'; form-action 'none'`;

const sourceHash = (text: string): string => `sha256-${createHash("sha256").update(text).digest("base64")}`;

export const dataBlock = (name: string, json: string): string =>
  `<script type="application/json" data-name="${name}">${json}</script>\n`;

/** All of the page that is the same for every run; the script fills it. */
export const begin = (assets: Assets, header: PageHeader): string => `<!doctype html>
<!-- idm-ldap-sync --report -->
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(assets)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>idm-ldap-sync dry-run</title>
<style>${assets.style}</style>
</head>
<body>
<a class="skip" href="#changes">Skip to the changes</a>
<noscript><p class="unfinished">This page needs its own script, which is part of the file. Save the file and open it in a browser.</p></noscript>
<p class="unfinished late" id="unfinished">This page is not complete: the run that wrote it was ended before it could finish it, or the disk was full.</p>
<div id="page" hidden>
<header>
<p class="product">idm-ldap-sync <span id="command"></span></p>
<h1 id="title"></h1>
<p id="when"></p>
</header>
<main>
<section id="outcome" aria-labelledby="outcome-line"><h2 id="outcome-line"></h2></section>
<section id="summary" aria-labelledby="summary-head"><h2 id="summary-head">Summary</h2></section>
<section id="messages" aria-labelledby="messages-head" hidden><h2 id="messages-head">Warnings</h2></section>
<section id="changes" aria-labelledby="changes-head" tabindex="-1"><h2 id="changes-head">Changes</h2></section>
<section id="rejects" aria-labelledby="rejects-head"><h2 id="rejects-head">Rejects</h2></section>
<section id="mapping" aria-labelledby="mapping-head"><h2 id="mapping-head">Mapping</h2></section>
</main>
<footer id="about"></footer>
</div>
${dataBlock("header", scriptJson(header))}`;

export const end = (assets: Assets, data: PageEnd): string =>
  `${dataBlock("end", scriptJson(data))}<script>${assets.script}</script>\n</body>\n</html>\n`;
