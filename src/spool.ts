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

/** Of the first table, and of all that follow: powers of two. */
const [fewSlots, manySlots] = [1 << 16, 1 << 18];
const fullest = 0.75;
const none: readonly number[] = [];

/**
 * 48-bit hashes with the block of each, in tables with open addressing: the place in a table is the last bits of it, and
 * the first 32 are kept there. A further table is begun where one is full, so that none is ever copied.
 */
function fingerprints(): Fingerprints {
  const tables: Slots[] = [];
  let free = 0;
  return {
    blocks: (hash) => {
      const mark = markOf(hash);
      let found = none;
      for (let at = 0; at < tables.length; at += 1) {
        const { marks, blocks } = tables[at] as Slots;
        const last = marks.length - 1;
        for (let slot = hash & last; marks[slot] !== 0; slot = (slot + 1) & last) {
          if (marks[slot] === mark) found = [...found, blocks[slot] ?? 0];
        }
      }
      return found;
    },
    add: (hash, block) => {
      if (free === 0) {
        const slots = tables.length === 0 ? fewSlots : manySlots;
        tables.push({ marks: new Uint32Array(slots), blocks: new Uint16Array(slots) });
        free = slots * fullest;
      }
      const { marks, blocks } = tables.at(-1) as Slots;
      const last = marks.length - 1;
      let slot = hash & last;
      while (marks[slot] !== 0) slot = (slot + 1) & last;
      marks[slot] = markOf(hash);
      blocks[slot] = block;
      free -= 1;
    },
  };
}

/** Never 0, which means a free slot. */
const markOf = (hash: number): number => Math.floor(hash / 2 ** 16) || 1;

interface Blocks {
  /** Keeps a text with its value and gives the number of its block. */
  append(text: string, value: string): number;
  /** The last value of this text in the block. */
  find(block: number, text: string): string | undefined;
  close(): void;
}

/** A block is written where it has so many UTF-16 units. */
const blockSize = 64 * 1024;

/** Units that a pair counts besides its own. */
const pairSize = 8;

/** Texts and values in turn. */
type Pairs = readonly string[];

/** Blocks of pairs in a file, the last one in memory. */
function openBlocks(): Blocks {
  const starts: number[] = [0];
  let pending: string[] = [];
  let size = 0;
  let file: number | undefined;
  /** The one that was read last: what is asked for together was often written together. */
  let last: { readonly block: number; readonly pairs: Pairs } | undefined;
  const flush = (): void => {
    const bytes = encoded(pending);
    file ??= openTemporary();
    appendTo(file, bytes);
    starts.push((starts.at(-1) ?? 0) + bytes.length);
    pending = [];
    size = 0;
  };
  const pairsOf = (block: number): Pairs => {
    const [start, end] = [starts[block] ?? 0, starts[block + 1]];
    if (end === undefined || file === undefined) return pending;
    if (last?.block !== block) {
      const bytes = Buffer.allocUnsafe(end - start);
      readSync(file, bytes, 0, bytes.length, start);
      last = { block, pairs: decoded(bytes) };
    }
    return last.pairs;
  };
  return {
    append: (text, value) => {
      if (size > blockSize) flush();
      pending.push(text, value);
      size += text.length + value.length + pairSize;
      return starts.length - 1;
    },
    find: (block, text) => {
      const pairs = pairsOf(block);
      for (let at = pairs.length - 2; at >= 0; at -= 2) if (pairs[at] === text) return pairs[at + 1];
      return undefined;
    },
    close: () => {
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}

/** How many texts, how many units each of them has, and then all of them as one: one long text is written much faster than many short ones. */
function encoded(texts: Pairs): Buffer {
  const head = Uint32Array.from([texts.length, ...texts.map(({ length }) => length)]);
  return Buffer.concat([Buffer.from(head.buffer), Buffer.from(texts.join(""))]);
}

function decoded(bytes: Buffer): Pairs {
  const count = bytes.readUInt32LE(0);
  const all = bytes.toString("utf8", 4 * (count + 1));
  let end = 0;
  return Array.from({ length: count }, (_, at) => {
    const start = end;
    end += bytes.readUInt32LE(4 * (at + 1));
    return all.slice(start, end);
  });
}
