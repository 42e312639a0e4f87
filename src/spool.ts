import { closeSync, readSync } from "node:fs";
import { hash48 } from "./hash.ts";
import { appendTo, openTemporary } from "./temporary-file.ts";

/** A map from text to text (well-formed Unicode, both), for as many texts as a directory has entries. */
export interface Spool {
  /** What was last set for this text. */
  get(text: string): string | undefined;
  set(text: string, value: string): void;
  /** Whether anything was set for this text, by its hash alone: true of a few others too. */
  mayHave(text: string): boolean;
  /** What was last set for this text; where there is nothing, this value is set. */
  getOrSet(text: string, value: () => string): string | undefined;
  close(): void;
}

/**
 * A map in memory that hardly grows: some eight bytes a text, where the names of a million people would be some hundred
 * megabytes. Memory holds 32 bits of a hash and the number of a block; the blocks with the texts and the values are in a
 * temporary file that only this process can reach. One is read again only where a hash has been seen before, which is
 * nearly always the same text.
 */
export function openSpool(): Spool {
  const seen = fingerprints();
  const blocks = openBlocks();
  const find = (text: string, hash: number): string | undefined => {
    const found = seen.blocks(hash);
    for (let at = found.length - 1; at >= 0; at -= 1) {
      const value = blocks.find(found[at] ?? 0, text);
      if (value !== undefined) return value;
    }
    return undefined;
  };
  return {
    get: (text) => find(text, hash48(text)),
    set: (text, value) => seen.add(hash48(text), blocks.append(text, value)),
    getOrSet: (text, value) => {
      const hash = hash48(text);
      const before = find(text, hash);
      if (before === undefined) seen.add(hash, blocks.append(text, value()));
      return before;
    },
    mayHave: (text) => seen.blocks(hash48(text)).length > 0,
    close: () => blocks.close(),
  };
}

interface Fingerprints {
  /** The blocks in which texts of this hash are, in the order in which they were added. */
  blocks(hash: number): readonly number[];
  add(hash: number, block: number): void;
}

interface Slots {
  readonly marks: Uint32Array;
  readonly blocks: Uint16Array;
}

const slots = 1 << 16;
const fullest = 0.75;
const none: readonly number[] = [];

/**
 * 48-bit hashes with the block of each, in tables with open addressing: the place in a table is 16 bits of it, and 32 are
 * kept there. A further table is begun where one is full, so that none is ever copied.
 */
function fingerprints(): Fingerprints {
  const tables: Slots[] = [];
  let used = slots;
  return {
    blocks: (hash) => {
      const mark = markOf(hash);
      let found = none;
      for (const { marks, blocks } of tables) {
        for (let slot = hash % slots; marks[slot] !== 0; slot = (slot + 1) % slots) {
          if (marks[slot] === mark) found = [...found, blocks[slot] ?? 0];
        }
      }
      return found;
    },
    add: (hash, block) => {
      if (used >= slots * fullest) {
        tables.push({ marks: new Uint32Array(slots), blocks: new Uint16Array(slots) });
        used = 0;
      }
      const table = tables[tables.length - 1];
      if (!table) return;
      let slot = hash % slots;
      while (table.marks[slot] !== 0) slot = (slot + 1) % slots;
      table.marks[slot] = markOf(hash);
      table.blocks[slot] = block;
      used += 1;
    },
  };
}

/** Never 0, which means a free slot. */
const markOf = (hash: number): number => Math.floor(hash / slots) || 1;

interface Blocks {
  /** Keeps a text with its value and gives the number of its block. */
  append(text: string, value: string): number;
  /** The last value of this text in the block. */
  find(block: number, text: string): string | undefined;
  close(): void;
}

const blockSize = 64 * 1024;
/** Before each record: the bytes of the text and those of the value, four bytes each. */
const headSize = 8;
/** Most bytes of UTF-8 for one UTF-16 unit. */
const widest = 3;

/** Blocks of records in a file, the last one in memory. */
function openBlocks(): Blocks {
  const starts: number[] = [0];
  let pending = Buffer.allocUnsafe(blockSize);
  let used = 0;
  let file: number | undefined;
  /** The one that was read last: what is asked for together was often written together. */
  let last: { readonly block: number; readonly bytes: Buffer } | undefined;
  const flush = (): void => {
    file ??= openTemporary();
    appendTo(file, pending.subarray(0, used));
    starts.push((starts.at(-1) ?? 0) + used);
    used = 0;
  };
  const bytesOf = (block: number): Buffer => {
    const [start, end] = [starts[block] ?? 0, starts[block + 1]];
    if (end === undefined || file === undefined) return pending.subarray(0, used);
    if (last?.block === block) return last.bytes;
    const bytes = Buffer.allocUnsafe(end - start);
    readSync(file, bytes, 0, bytes.length, start);
    last = { block, bytes };
    return bytes;
  };
  return {
    append: (text, value) => {
      const most = headSize + (text.length + value.length) * widest;
      if (used > 0 && used + most > pending.length) flush();
      if (most > pending.length) pending = Buffer.allocUnsafe(most);
      const key = pending.write(text, used + headSize);
      const size = pending.write(value, used + headSize + key);
      pending.writeUInt32LE(key, used);
      pending.writeUInt32LE(size, used + 4);
      used += headSize + key + size;
      return starts.length - 1;
    },
    find: (block, text) => {
      const bytes = bytesOf(block);
      const wanted = Buffer.from(text);
      let found: string | undefined;
      for (let at = 0; at < bytes.length; ) {
        const value = at + headSize + bytes.readUInt32LE(at);
        const end = value + bytes.readUInt32LE(at + 4);
        if (wanted.equals(bytes.subarray(at + headSize, value))) found = bytes.toString("utf8", value, end);
        at = end;
      }
      return found;
    },
    close: () => {
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}
