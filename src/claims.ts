import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "./errors.ts";

/** Who has which row in this run. */
export interface Claims {
  /** Notes that this identity, which nobody has claimed yet, is this DN's. */
  claim(identity: string, dn: string): void;
  /** The DN that has claimed this identity. */
  claimant(identity: string): string | undefined;
  close(): void;
}

/**
 * Claims in memory that hardly grows: four to eight bytes an entry, where the names of a million people would be some
 * hundred megabytes. Memory holds 32 bits of a hash; the identities and DNs themselves go to a temporary file that only
 * this process can reach, and are read again only where a hash has been seen before, which is nearly always a real clash.
 */
export function openClaims(): Claims {
  const seen = fingerprints();
  const spool = openSpool();
  return {
    claimant: (identity) => (seen.has(identity) ? spool.find(identity) : undefined),
    claim: (identity, dn) => {
      seen.add(identity);
      spool.append(identity, dn);
    },
    close: () => spool.close(),
  };
}

/** Slots of the first table; each further one has twice as many, so none is ever copied. */
const firstSlots = 1 << 14;
const fullest = 0.75;

interface Fingerprints {
  has(text: string): boolean;
  add(text: string): void;
}

/** A set of 32-bit hashes; the place in the table adds some twenty bits more to what must agree. */
function fingerprints(): Fingerprints {
  const tables: Uint32Array[] = [new Uint32Array(firstSlots)];
  let used = 0;
  const slotOf = (table: Uint32Array, place: number, mark: number): number => {
    let slot = place & (table.length - 1);
    while (table[slot] !== 0 && table[slot] !== mark) slot = (slot + 1) & (table.length - 1);
    return slot;
  };
  return {
    has: (text) => {
      const place = hash(text, 0x811c9dc5);
      const mark = hash(text, 0x01234567) || 1;
      return tables.some((table) => table[slotOf(table, place, mark)] === mark);
    },
    add: (text) => {
      let table = tables.at(-1) ?? new Uint32Array(firstSlots);
      if (used >= table.length * fullest) {
        table = new Uint32Array(table.length * 2);
        tables.push(table);
        used = 0;
      }
      const mark = hash(text, 0x01234567) || 1;
      table[slotOf(table, hash(text, 0x811c9dc5), mark)] = mark;
      used += 1;
    },
  };
}

/** FNV-1a over UTF-16 units with the finaliser of MurmurHash3, 32 bits. */
function hash(text: string, seed: number): number {
  let h = seed;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

interface Spool {
  append(identity: string, dn: string): void;
  find(identity: string): string | undefined;
  close(): void;
}

const flushAt = 64 * 1024;

/** A file of JSON lines `[identity, dn]`, appended in pieces and read from the start when something is looked for. */
function openSpool(): Spool {
  let pending: string[] = [];
  let pendingLength = 0;
  let file: number | undefined;
  const flush = (): number => {
    try {
      file ??= openUnlinked();
      if (pending.length > 0) writeSync(file, pending.join(""), null, "utf8");
    } catch (error) {
      throw new Failure(
        "files",
        `cannot write a temporary file in ${tmpdir()}: ${error instanceof Error ? error.message : error}`,
        {
          hint: "make room there, or set TMPDIR to a folder with some 100 MB for each million people",
          cause: error,
        },
      );
    }
    pending = [];
    pendingLength = 0;
    return file;
  };
  return {
    append: (identity, dn) => {
      const line = `${JSON.stringify([identity, dn])}\n`;
      pending.push(line);
      pendingLength += line.length;
      if (pendingLength >= flushAt) flush();
    },
    find: (identity) => {
      const wanted = `[${JSON.stringify(identity)},`;
      for (const line of lines(flush())) {
        if (line.startsWith(wanted)) return (JSON.parse(line) as [string, string])[1];
      }
      return undefined;
    },
    close: () => {
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}

/** A file that has no name any more, so that nothing is left of it however the process ends. */
function openUnlinked(): number {
  const folder = mkdtempSync(join(tmpdir(), "idm-ldap-sync-"));
  const file = openSync(join(folder, "claims"), "wx+", 0o600);
  rmSync(folder, { recursive: true });
  return file;
}

function* lines(file: number): Iterable<string> {
  const piece = Buffer.alloc(flushAt);
  let rest = Buffer.alloc(0);
  for (let position = 0; ; ) {
    const size = readSync(file, piece, 0, piece.length, position);
    if (size === 0) return;
    position += size;
    const bytes = Buffer.concat([rest, piece.subarray(0, size)]);
    const end = bytes.lastIndexOf(0x0a) + 1;
    yield* bytes.toString("utf8", 0, end).split("\n").slice(0, -1);
    rest = bytes.subarray(end);
  }
}
