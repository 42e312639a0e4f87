import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "./errors.ts";
import { hash } from "./hash.ts";

/** A map from text to data, for as many texts as a directory has entries. */
export interface Spool<T> {
  /** What was last set for this text. */
  get(text: string): T | undefined;
  set(text: string, value: T): void;
  close(): void;
}

/**
 * A map in memory that hardly grows: some eight bytes a text, where the names of a million people would be some hundred
 * megabytes. Memory holds 32 bits of a hash and the number of a block; the blocks with the texts and the values are in a
 * temporary file that only this process can reach. One is read again only where a hash has been seen before, which is
 * nearly always the same text. Values go through JSON.
 */
export function openSpool<T>(): Spool<T> {
  const seen = fingerprints();
  const blocks = openBlocks();
  return {
    get: (text) => {
      for (const block of seen.blocks(text).reverse()) {
        const value = blocks.find(block, text);
        if (value !== undefined) return JSON.parse(value) as T;
      }
      return undefined;
    },
    set: (text, value) => seen.add(text, blocks.append(text, JSON.stringify(value))),
    close: () => blocks.close(),
  };
}

interface Fingerprints {
  /** The blocks in which this text may be, in the order in which they were added. */
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

interface Blocks {
  /** Keeps a value, which is JSON, and gives the number of its block. */
  append(text: string, value: string): number;
  /** The last value of this text in the block. */
  find(block: number, text: string): string | undefined;
  close(): void;
}

const blockSize = 64 * 1024;

/** Blocks of lines `"text" value` in a file, the last one in memory. */
function openBlocks(): Blocks {
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
  const linesOf = (block: number): string => {
    const [start, end] = [starts[block] ?? 0, starts[block + 1]];
    if (end === undefined || file === undefined) return pending;
    const bytes = Buffer.alloc(end - start);
    readSync(file, bytes, 0, bytes.length, start);
    return bytes.toString("utf8");
  };
  return {
    append: (text, value) => {
      pending += `${JSON.stringify(text)} ${value}\n`;
      const block = starts.length - 1;
      if (pending.length >= blockSize) flush();
      return block;
    },
    find: (block, text) => {
      const lines = `\n${linesOf(block)}`;
      const start = `\n${JSON.stringify(text)} `;
      const at = lines.lastIndexOf(start);
      return at < 0 ? undefined : lines.slice(at + start.length, lines.indexOf("\n", at + 1));
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
  const file = openSync(join(folder, "spool"), "wx+", 0o600);
  rmSync(folder, { recursive: true });
  return file;
}
