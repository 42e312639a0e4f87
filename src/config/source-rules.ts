import { fileURLToPath } from "node:url";
import { Failure } from "../errors.ts";
import { nearest } from "../nearest.ts";
import { parseFilter } from "../source/filter.ts";
import { type ActiveConfig, activePresets, isPreset } from "./active-schema.ts";
import { alternatives, type Path, type Problem, shown } from "./problem.ts";
import type { SourceConfig } from "./schema.ts";

/** What the schema cannot say of one source. `path` is the place of the source, of which all paths here are below. */
export function checkSource(source: SourceConfig, path: Path): Problem[] {
  const found: Problem[] = [
    ...checkUrls(source),
    ...checkBind(source),
    ...checkTls(source),
    ...checkFilter(["filter"], source.filter),
    ...(source.active === undefined ? [] : checkActive(source, source.active, ["active"])),
  ];
  return found.map((problem) => ({ ...problem, path: [...path, ...problem.path] }));
}

/** `file`, `ldap` or `ldaps`. */
function schemeOf(url: string): string {
  return url.slice(0, url.indexOf(":")).toLowerCase();
}

function urlsOf({ url }: SourceConfig): string[] {
  return Array.isArray(url) ? url : [url];
}

const urlPath = ({ url }: SourceConfig, index: number): Path => (Array.isArray(url) ? ["url", index] : ["url"]);

function checkUrls(source: SourceConfig): Problem[] {
  const urls = urlsOf(source);
  const problems = urls.flatMap((url, index) => {
    const says = schemeOf(url) === "file" ? checkFileUrl(url) : checkLdapUrl(url);
    return says === undefined ? [] : [{ path: urlPath(source, index), says }];
  });
  const kinds = new Set(urls.map(schemeOf));
  if (kinds.size > 1)
    problems.push({
      path: ["url"],
      says: `mixes ${[...kinds].map((kind) => `${kind}:`).join(" and ")}; all of one source must be of one kind`,
    });
  else if (kinds.has("file") && urls.length > 1)
    problems.push({
      path: ["url"],
      says: "names several files; a file: stands alone (for several, make source a list)",
    });
  if (!kinds.has("file") && source.baseDn === undefined) {
    problems.push({
      path: ["baseDn"],
      says: "is missing; ldap:// and ldaps:// need to know where to search, such as ou=people,dc=example,dc=com",
    });
  }
  return problems;
}

/** What is wrong with the URL of a directory. Never the URL itself: it may hold a password. */
function checkLdapUrl(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) return "must be ldap://HOST[:PORT] or ldaps://HOST[:PORT]; its host or port does not parse";
  if (url.username !== "" || url.password !== "")
    return "must not hold credentials; they belong into bindDn and bindPassword";
  if (url.hostname === "") return "names no host; it must be ldap://HOST[:PORT] or ldaps://HOST[:PORT]";
  if (url.search !== "" || url.hash !== "")
    return "must end after the host or port; scope and filter have keys of their own";
  if (url.pathname !== "" && url.pathname !== "/")
    return `must end after the host or port; "${url.pathname.slice(1)}" belongs into baseDn`;
  return undefined;
}

function checkFileUrl(text: string): string | undefined {
  return filePath(text) === undefined
    ? "must be file:PATH.ldif or file:///PATH.ldif, a file of this machine"
    : undefined;
}

/** The path in `file:PATH` (as it is) or `file:///PATH` (percent-decoded, RFC 8089); undefined where it names a host. */
export function filePath(url: string): string | undefined {
  const path = url.slice("file:".length);
  if (!path.startsWith("//")) return path;
  try {
    return fileURLToPath(url);
  } catch {
    return undefined;
  }
}

function checkBind({ bindDn, bindPassword, sasl }: SourceConfig): Problem[] {
  if (bindPassword === "") return [{ path: ["bindPassword"], says: EMPTY_PASSWORD }];
  if (bindPassword !== undefined && bindDn === undefined) {
    return [{ path: ["bindPassword"], says: "is given without bindDn: the bind would be anonymous" }];
  }
  if (bindDn !== undefined && bindPassword === undefined && sasl !== "external") {
    return [{ path: ["bindDn"], says: `is given without bindPassword; ${UNAUTHENTICATED}` }];
  }
  return [];
}

const UNAUTHENTICATED = "a server may take that for an anonymous bind and show fewer entries (RFC 4513 section 5.1.2)";

const EMPTY_PASSWORD = `is empty; ${UNAUTHENTICATED}`;

function checkTls(source: SourceConfig): Problem[] {
  const { tls, startTls, sasl, requireTls } = source;
  const schemes = urlsOf(source).map(schemeOf);
  const encrypted = startTls || schemes.every((scheme) => scheme === "ldaps");
  const problems: Problem[] = [];
  if (startTls && !schemes.every((scheme) => scheme === "ldap")) {
    problems.push({ path: ["startTls"], says: "is for ldap:// only; ldaps:// is encrypted from the start" });
  }
  if (tls.cert !== undefined && tls.key === undefined)
    problems.push({ path: ["tls", "key"], says: "is missing; tls.cert needs its key" });
  if (tls.key !== undefined && tls.cert === undefined)
    problems.push({ path: ["tls", "cert"], says: "is missing; tls.key is the key of a certificate" });
  if (sasl === "external" && tls.cert === undefined) {
    problems.push({
      path: ["sasl"],
      says: 'is "external", which binds by the client certificate: tls.cert and tls.key are missing',
    });
  }
  const given = (["ca", "cert", "key", "servername"] as const).find((key) => tls[key] !== undefined);
  if (!encrypted && (sasl === "external" || given !== undefined)) {
    const path = given === undefined ? ["sasl"] : ["tls", given];
    problems.push({ path, says: "has no effect, because the connection is not encrypted; use ldaps:// or startTls" });
  }
  return [...problems, ...(requireTls && !startTls ? checkPlain(source) : [])];
}

/** The servers that `requireTls` does not allow. */
const checkPlain = (source: SourceConfig): Problem[] =>
  urlsOf(source).flatMap((url, index) =>
    schemeOf(url) === "ldap"
      ? [{ path: urlPath(source, index), says: "is not encrypted, and requireTls is true; use ldaps:// or startTls" }]
      : [],
  );

function checkActive(source: SourceConfig, active: ActiveConfig, path: Path): Problem[] {
  const each = (key: string, rules: readonly ActiveConfig[]): Problem[] =>
    rules.flatMap((rule, at) => checkActive(source, rule, [...path, key, at]));
  if (typeof active === "object") {
    if ("and" in active) return each("and", active.and);
    if ("or" in active) return each("or", active.or);
    return "not" in active ? checkActive(source, active.not, [...path, "not"]) : [];
  }
  if (active === "auto")
    return urlsOf(source).some((url) => schemeOf(url) === "file") ? [{ path, says: AUTO_FILE }] : [];
  if (isPreset(active)) return [];
  if (active.startsWith("(")) return checkFilter(path, active);
  const meant = nearest(active, ["auto", ...activePresets]);
  const hint = meant === undefined ? "" : ` (did you mean "${meant}"?)`;
  const presets = alternatives(["auto", ...activePresets]);
  return [{ path, says: `is ${shown(active)}; it must be a filter in parentheses, or ${presets}${hint}` }];
}

const AUTO_FILE = `is "auto", which asks a server for its vendor, and a file has none; it must be ${alternatives(activePresets)}, or a filter`;

function checkFilter(path: Path, text: string): Problem[] {
  try {
    parseFilter(text);
    return [];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [{ path, says: `is not a filter: ${error.message}` }];
  }
}
