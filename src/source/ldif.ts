import { createReadStream } from "node:fs";
import { basename } from "node:path";
import type { SourceConfig } from "../config/schema.ts";
import type { Entry } from "../entry.ts";
import { Failure } from "../errors.ts";
import { attributeKey, withoutOptions } from "./attributes.ts";
import { isWithin, normaliseDn, parseDn } from "./dn.ts";
import { andFilters, type FilterNode, filterAttributes, parseFilter } from "./filter.ts";
import { compileFilter } from "./filter-match.ts";
import { ldifEntries } from "./ldif-records.ts";
import { NoSuchObject } from "./result-codes.ts";
import type { Notice, ReadRequest, Source } from "./source.ts";

export interface LdifConfig extends Pick<SourceConfig, "baseDn" | "scope" | "filter"> {
  /** The filter of the active rule. */
  readonly active?: string | undefined;
  /** Absolute path of the file. */
  readonly path: string;
}

interface Base {
  readonly written: string;
  /** The base and the DNs above it, from the base up, as `normaliseDn` gives them. */
  readonly path: readonly string[];
  /** Index in `path` of the lowest one at or under which the file has an entry; 0 is the base itself. */
  found: number;
}

const pieceSize = 200;

// Larger than the default of 64 KiB: fewer turns of the event loop, still nothing against the memory of a run.
const chunkSize = 256 * 1024;

/**
 * An LDIF file as a source. Each read streams it once. Entries keep the requested attributes and those that the
 * filters look at.
 *
 * @throws Failure (configuration) where a filter or a base DN is wrong; the reading throws Failure (files) where the
 * file cannot be read and Failure (directory) where its content is wrong or it has nothing at or under a base DN.
 */
export function openLdif(config: LdifConfig, request: ReadRequest, notice: Notice): Source {
  const { path, scope } = config;
  const filter = andFilters([config.filter, config.active, request.filter]);
  const node = parseFilter(filter);
  const matches = compileFilter(node);
  const keeps = keptKeys(node, request.attributes);
  const baseDns = [config.baseDn ?? []].flat();
  for (const baseDn of baseDns) checkBase(baseDn);

  /** Whoever is not in a part of a file has not left. */
  const cutOff: Notice = (message) => {
    if (!request.sameBind) return notice(message);
    const hint = "export it again; a file that is whole ends with a line break";
    throw new Failure(
      "directory",
      `${basename(path)} does not end with a line break: it is cut off, or still written`,
      { hint },
    );
  };

  async function* entries(signal: AbortSignal): AsyncGenerator<readonly Entry[]> {
    const bases = baseDns.map(openBase);
    let piece: Entry[] = [];
    for await (const read of ldifEntries(readChunks(path, signal), basename(path), keeps, cutOff)) {
      for (const entry of read) {
        if (isInScope(entry.dn, bases, scope) && matches(entry)) piece.push(entry);
        if (piece.length < pieceSize) continue;
        yield piece;
        piece = [];
        signal.throwIfAborted();
      }
    }
    for (const base of bases) checkFound(base, path);
    if (piece.length > 0) yield piece;
  }

  return { title: [`file:${path}`, baseDns.join(" and ")].join(" ").trimEnd(), filter, commands: [], entries };
}

async function* readChunks(path: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  signal.throwIfAborted();
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: chunkSize, signal })) {
      yield chunk;
      signal.throwIfAborted();
    }
  } catch (cause) {
    signal.throwIfAborted();
    throw unreadable(path, cause);
  }
}

/** Why the file cannot be read, as a failure; anything else as it is. */
export function unreadable(path: string, cause: unknown): unknown {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const [reason, hint] = {
    ENOENT: ["does not exist", "correct the path in source.url; a relative one starts at the configuration file"],
    ENOTDIR: ["does not exist", "correct the path in source.url; one of its folders is a file"],
    EISDIR: ["is a folder", "name the LDIF file in it in source.url"],
    EACCES: ["may not be read by this user", "give the user that runs the sync the right to read it"],
    EPERM: ["may not be read by this user", "give the user that runs the sync the right to read it"],
  }[code] ?? [`cannot be read (${code})`, "try to copy it; the file system may be damaged or gone"];
  return code === "" ? cause : new Failure("files", `LDIF file ${path} ${reason}`, { hint, cause });
}

/** Which keys of entries are kept: those of the types that are requested or filtered by, whatever their options. */
function keptKeys(node: FilterNode, attributes: readonly string[]): (key: string) => boolean {
  if (looksAtAll(node) || attributes.includes("*")) return () => true;
  const types = new Set([...attributes, ...filterAttributes(node)].map((name) => withoutOptions(attributeKey(name))));
  return (key) => types.has(withoutOptions(key));
}

/** Whether a part of the filter, such as (:caseExactMatch:=Anna), asks every attribute. */
function looksAtAll(node: FilterNode): boolean {
  if ("filters" in node) return node.filters.some(looksAtAll);
  if ("filter" in node) return looksAtAll(node.filter);
  return node.attribute === undefined;
}

function checkBase(baseDn: string): void {
  if (parseDn(baseDn) !== undefined) return;
  const hint = "a DN is written as in RFC 4514: ou=people,dc=example,dc=com";
  throw new Failure("configuration", `source.baseDn "${baseDn}" is not a DN`, { hint });
}

function openBase(written: string): Base {
  const rdns = normaliseDn(written).split(",");
  const path = rdns.map((_, index) => rdns.slice(index).join(","));
  return { written, path, found: path.length };
}

/** Whether the entry is in the scope of a base (of any, where there are several); notes what of each base exists. */
function isInScope(dn: string, bases: readonly Base[], scope: SourceConfig["scope"]): boolean {
  if (bases.length === 0) return true;
  const normal = normaliseDn(dn);
  let inScope = false;
  for (const base of bases) {
    const higher = base.found === 0 ? -1 : base.path.findIndex((part) => isWithin(normal, part, "sub"));
    if (higher >= 0 && higher < base.found) base.found = higher;
    inScope ||= isWithin(normal, base.path[0] ?? "", scope);
  }
  return inScope;
}

function checkFound({ written, path, found }: Base, file: string): void {
  if (found === 0) return;
  const hint = "correct source.baseDn; for a file it may be left out, and every entry counts";
  const existing = path[found];
  const rest = existing === undefined ? "nor does any part of it" : `${existing} does`;
  throw new NoSuchObject(`${basename(file)}: ${written} does not exist; ${rest}`, existing ?? "", hint);
}
