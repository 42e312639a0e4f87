import { closeSync, readSync } from "node:fs";
import { appendTo, openTemporary } from "./temporary-file.ts";

/** A list that is written first and read afterwards, in the same order, of as many items as a directory has entries. */
export interface Journal<T> {
  /** The item must be data that JSON keeps. */
  add(item: T): void;
  items(): Generator<T>;
  close(): void;
}

const lineBreak = 0x0a;

/** In memory up to `most` bytes, then in a temporary file that only this process can reach: an item a line. */
export function openJournal<T>(most = 64 * 1024): Journal<T> {
  let file: number | undefined;
  let pending: Buffer[] = [];
  let size = 0;
  const flush = (): void => {
    file ??= openTemporary();
    appendTo(file, Buffer.concat(pending));
    pending = [];
    size = 0;
  };
  return {
    add: (item) => {
      const line = Buffer.from(`${JSON.stringify(item)}\n`);
      pending.push(line);
      size += line.length;
      if (size >= most) flush();
    },
    *items() {
      if (file !== undefined) for (const line of linesOf(file, most)) yield JSON.parse(line) as T;
      for (const line of pending) yield JSON.parse(line.toString("utf8")) as T;
    },
    close: () => {
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}

function* linesOf(file: number, chunkSize: number): Generator<string> {
  const chunk = Buffer.allocUnsafe(chunkSize);
  let rest: Buffer = Buffer.alloc(0);
  let place = 0;
  for (;;) {
    const read = readSync(file, chunk, 0, chunkSize, place);
    if (read === 0) return;
    place += read;
    const bytes = Buffer.concat([rest, chunk.subarray(0, read)]);
    let start = 0;
    for (let end = bytes.indexOf(lineBreak); end >= 0; end = bytes.indexOf(lineBreak, start)) {
      yield bytes.toString("utf8", start, end);
      start = end + 1;
    }
    rest = bytes.subarray(start);
  }
}

/** The items, so many at a time. */
export function* batches<T>(items: Iterable<T>, size: number): Generator<T[]> {
  let batch: T[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
