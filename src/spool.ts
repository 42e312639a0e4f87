import { closeSync, readSync } from "node:fs";
import { hash48 } from "./hash.ts";
import { withRoom } from "./room.ts";
import { appendTo, openTemporary } from "./temporary-file.ts";

/** A map from text to text, for as many texts as a directory has entries. */
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

/** A block is written where it has so many bytes; later ones are larger, so that their numbers do not run out. */
const blockSize = (number: number): number => 2 ** (16 + (number >> 14));

/** Blocks of texts and values in turn in a file, the last one in memory. */
function openBlocks(): Blocks {
  const starts: number[] = [0];
  const pending = new Texts();
  const sought = new Texts();
  let file: number | undefined;
  /** The one that was read last: what is asked for together was often written together. */
  let last: { readonly block: number; readonly texts: Buffer } | undefined;
  const flush = (): void => {
    file ??= openTemporary();
    appendTo(file, pending.bytes);
    starts.push((starts.at(-1) ?? 0) + pending.bytes.length);
    pending.clear();
  };
  const textsOf = (block: number): Buffer => {
    const [start, end] = [starts[block] ?? 0, starts[block + 1]];
    if (end === undefined || file === undefined) return pending.bytes;
    if (last?.block !== block) {
      const texts = Buffer.allocUnsafe(end - start);
      readSync(file, texts, 0, texts.length, start);
      last = { block, texts };
    }
    return last.texts;
  };
  return {
    append: (text, value) => {
      if (pending.bytes.length > blockSize(starts.length)) flush();
      pending.add(text);
      pending.add(value);
      return starts.length - 1;
    },
    find: (block, text) => {
      sought.clear();
      sought.add(text);
      return lastValue(textsOf(block), sought.bytes);
    },
    close: () => {
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}

/** Before a text: how many units it has, and in the last bit whether each takes two bytes. */
const headSize = 4;

/**
 * Texts as bytes, one after the other, a byte for each unit where that is enough. As texts they would wait so long to be
 * written that the next clean-up of memory takes them for what lives for ever.
 */
class Texts {
  #buffer: Buffer = Buffer.allocUnsafe(blockSize(0));
  #end = 0;

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#end);
  }

  clear(): void {
    this.#end = 0;
  }

  add(text: string): void {
    const { length } = text;
    const buffer = withRoom(this.#buffer, this.#end, headSize + 2 * length);
    this.#buffer = buffer;
    const start = this.#end + headSize;
    let isWide = 0;
    for (let at = 0; at < length; at += 1) {
      const unit = text.charCodeAt(at);
      isWide |= unit >> 8;
      buffer[start + at] = unit;
    }
    if (isWide !== 0) buffer.write(text, start, "utf16le");
    buffer.writeUInt32LE(length * 2 + (isWide === 0 ? 0 : 1), this.#end);
    this.#end = start + (isWide === 0 ? length : 2 * length);
  }
}

/** Of texts and values in turn: the value of the last one that is this text, which is given as bytes too. */
function lastValue(texts: Buffer, text: Buffer): string | undefined {
  let found: number | undefined;
  // These bytes may be elsewhere too, such as in a value.
  let same = texts.indexOf(text);
  for (let at = 0; at < texts.length; ) {
    if (same !== -1 && same < at) same = texts.indexOf(text, at);
    if (same === -1) break;
    const value = endOf(texts, at);
    if (at === same) found = value;
    at = endOf(texts, value);
  }
  return found === undefined ? undefined : textAt(texts, found);
}

const unitsOf = (head: number): number => Math.floor(head / 2);

function endOf(texts: Buffer, at: number): number {
  const head = texts.readUInt32LE(at);
  return at + headSize + unitsOf(head) * (1 + (head % 2));
}

function textAt(texts: Buffer, at: number): string {
  const head = texts.readUInt32LE(at);
  return texts.toString(head % 2 === 0 ? "latin1" : "utf16le", at + headSize, endOf(texts, at));
}
