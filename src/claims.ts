import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "./errors.ts";
import { hash } from "./hash.ts";

/** Who has a row in this run. */
interface Claimant {
  readonly dn: string;
  /** Of the values, to tell an entry that is delivered twice from another one with the same DN. */
  readonly digest: number;
}

/** Who has which row in this run. */
export interface Claims {
  /** Notes that this identity, which nobody has claimed yet, is this entry's. */
  claim(identity: string, claimant: Claimant): void;
  /** Who has claimed this identity. */
  claimant(identity: string): Claimant | undefined;
  close(): void;
}

/**
 * Claims in memory that hardly grows: some eight bytes an entry, where the names of a million people would be some
 * hundred megabytes. Memory holds 32 bits of a hash and the number of a block; the blocks with the names are in a
 * temporary file that only this process can reach. One is read again only where a hash has been seen before, which is
 * nearly always a real clash.
 */
export function openClaims(): Claims {
  const seen = fingerprints();
  const spool = openSpool();
  return {
    claimant: (identity) => {
      for (const block of seen.blocks(identity)) {
        const claimant = spool.find(block, identity);
        if (claimant) return claimant;
      }
      return undefined;
    },
    claim: (identity, claimant) => seen.add(identity, spool.append(identity, claimant)),
    close: () => spool.close(),
  };
}

interface Fingerprints {
  /** The blocks in which this text may be. */
  blocks(text: string): number[];
  add(text: string, block: number): void;
}

interface Slots {
  readonly marks: Uint32Array;
  readonly blocks: Uint16Array;
}

const slots = 1 << 16;
const fullest = 0.75;

/**
 * 32-bit hashes with the block of each, in tables with open addressing: the place in a table adds 16 bits to what must
 * agree. A further table is begun where one is full, so that none is ever copied.
 */
function fingerprints(): Fingerprints {
  const tables: Slots[] = [];
  let used = slots;
  return {
    blocks: (text) => {
      const mark = markOf(text);
      const place = placeOf(text);
      const found: number[] = [];
      for (const { marks, blocks } of tables) {
        for (let slot = place; marks[slot] !== 0; slot = (slot + 1) % slots) {
          if (marks[slot] === mark) found.push(blocks[slot] ?? 0);
        }
      }
      return found;
    },
    add: (text, block) => {
      if (used >= slots * fullest) {
        tables.push({ marks: new Uint32Array(slots), blocks: new Uint16Array(slots) });
        used = 0;
      }
      const table = tables[tables.length - 1];
      if (!table) return;
      let slot = placeOf(text);
      while (table.marks[slot] !== 0) slot = (slot + 1) % slots;
      table.marks[slot] = markOf(text);
      table.blocks[slot] = block;
      used += 1;
    },
  };
}

const placeOf = (text: string): number => hash(text, 0x811c9dc5) % slots;
/** Never 0, which means a free slot. */
const markOf = (text: string): number => hash(text, 0x01234567) || 1;

interface Spool {
  /** Keeps a claim and gives the number of its block. */
  append(identity: string, claimant: Claimant): number;
  find(block: number, identity: string): Claimant | undefined;
  close(): void;
}

const blockSize = 64 * 1024;

/** Blocks of JSON lines `[identity, dn, digest]` in a file, the last one in memory. */
function openSpool(): Spool {
  const starts: number[] = [0];
  let pending = "";
  let file: number | undefined;
  const flush = (): void => {
    const bytes = Buffer.from(pending, "utf8");
    try {
      file ??= openUnlinked();
      // Unlike writeSync, this writes all or throws.
      writeFileSync(file, bytes);
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
    starts.push((starts.at(-1) ?? 0) + bytes.length);
    pending = "";
  };
  const text = (block: number): string => {
    const [start, end] = [starts[block] ?? 0, starts[block + 1]];
    if (end === undefined || file === undefined) return pending;
    const bytes = Buffer.alloc(end - start);
    readSync(file, bytes, 0, bytes.length, start);
    return bytes.toString("utf8");
  };
  return {
    append: (identity, { dn, digest }) => {
      pending += `${JSON.stringify([identity, dn, digest])}\n`;
      const block = starts.length - 1;
      if (pending.length >= blockSize) flush();
      return block;
    },
    find: (block, identity) => {
      const lines = `\n${text(block)}`;
      const at = lines.indexOf(`\n[${JSON.stringify(identity)},`) + 1;
      if (at === 0) return undefined;
      const [, dn, digest] = JSON.parse(lines.slice(at, lines.indexOf("\n", at))) as [string, string, number];
      return { dn, digest };
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
