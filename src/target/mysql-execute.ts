import { withRoom } from "../room.ts";
import type { Binding } from "./dialect.ts";
import { headerSize } from "./knex.ts";

/** Of a packet that executes a statement: the command, the statement, no cursor, once. */
const fixedSize = headerSize + 1 + 4 + 1 + 4;

const [command, once, isTyped] = [0x17, 1, 1];
const types = { none: 0x06, integer: 0x08, decimal: 0xf6, bytes: 0xfc, text: 0xfd } as const;
const unsigned = 0x80;

/** What an integer of the protocol holds, with a sign and without. */
const [least, most] = [-(2n ** 63n), 2n ** 64n - 1n];

/** Up to so many bytes, the length of a text takes one byte. */
const longestShort = 250;
/** Texts of up to so many units have no more bytes than that. */
const fewUnits = Math.floor(longestShort / 3);

/** What a length takes at most. */
const lengthSize = 9;

/** Packets are put together in the same place one after the other, where it does not have to be larger than this. */
const mostKept = 2 ** 20;

/**
 * What makes the packets that execute prepared statements of a connection, one at a time. Of a first load that is what a
 * program does most, so that values go straight into the bytes that are sent.
 *
 * https://mariadb.com/kb/en/com_stmt_execute/
 */
export class ExecutePackets {
  #bytes: Buffer = Buffer.allocUnsafe(0);
  #end = 0;

  /** The packet for a statement with these values. What is in it is good until the next one is made. */
  of(statement: number, rows: readonly (readonly Binding[])[]): Buffer {
    let values = 0;
    for (const row of rows) values += row.length;
    const isNull = fixedSize;
    const typesFrom = isNull + ((values + 7) >> 3) + 1;
    this.#end = 0;
    this.#reserve(typesFrom + 2 * values);
    this.#end = typesFrom + 2 * values;
    this.#bytes.fill(0, 0, this.#end);
    this.#bytes[headerSize] = command;
    this.#bytes.writeUInt32LE(statement, headerSize + 1);
    this.#bytes.writeUInt32LE(once, fixedSize - 4);
    this.#bytes[typesFrom - 1] = isTyped;
    let type = typesFrom;
    for (const row of rows) {
      for (const value of row) {
        if (value === null) {
          const place = (type - typesFrom) >> 1;
          const byte = isNull + (place >> 3);
          this.#bytes[byte] = (this.#bytes[byte] ?? 0) | (1 << (place & 7));
          this.#bytes[type] = types.none;
        } else if (typeof value === "string") {
          this.#text(value);
          this.#bytes[type] = types.text;
        } else this.#other(value, type);
        type += 2;
      }
    }
    const packet = this.#bytes.subarray(0, this.#end);
    if (this.#bytes.length > mostKept) this.#bytes = Buffer.allocUnsafe(0);
    return packet;
  }

  /** Most texts are short and of letters that have one byte or two: those are faster written here than by a call for each. */
  #text(text: string): void {
    const { length } = text;
    this.#reserve(lengthSize + 3 * length);
    if (length > fewUnits) {
      this.#longText(text);
      return;
    }
    const bytes = this.#bytes;
    const start = this.#end;
    let end = start + 1;
    for (let at = 0; at < length; at += 1) {
      const unit = text.charCodeAt(at);
      if (unit < 0x80) {
        bytes[end] = unit;
        end += 1;
      } else if (unit < 0x800) {
        bytes[end] = 0xc0 | (unit >> 6);
        bytes[end + 1] = 0x80 | (unit & 0x3f);
        end += 2;
      } else {
        this.#longText(text);
        return;
      }
    }
    bytes[start] = end - start - 1;
    this.#end = end;
  }

  #longText(text: string): void {
    this.#length(Buffer.byteLength(text));
    this.#end += this.#bytes.write(text, this.#end);
  }

  #other(value: number | bigint | Buffer, type: number): void {
    if (typeof value === "object") {
      this.#reserve(lengthSize + value.length);
      this.#length(value.length);
      this.#end += value.copy(this.#bytes, this.#end);
      this.#bytes[type] = types.bytes;
      return;
    }
    if (typeof value === "bigint" && (value < least || value > most)) {
      // Nothing holds it, but it must not become another number before the server says so.
      this.#text(String(value));
      this.#bytes[type] = types.decimal;
      return;
    }
    this.#reserve(8);
    this.#bytes[type] = types.integer;
    if (value >= 0) this.#bytes[type + 1] = unsigned;
    if (typeof value === "bigint") this.#end = this.#bytes.writeBigUInt64LE(BigInt.asUintN(64, value), this.#end);
    else {
      this.#end = this.#bytes.writeUInt32LE(value >>> 0, this.#end);
      this.#end = this.#bytes.writeUInt32LE(Math.floor(value / 2 ** 32) >>> 0, this.#end);
    }
  }

  /** A length-encoded integer. */
  #length(length: number): void {
    const bytes = this.#bytes;
    if (length <= longestShort) {
      bytes[this.#end] = length;
      this.#end += 1;
      return;
    }
    const [mark, size] = length < 2 ** 16 ? [0xfc, 2] : length < 2 ** 24 ? [0xfd, 3] : [0xfe, 8];
    bytes.fill(0, this.#end, this.#end + 1 + size);
    bytes[this.#end] = mark;
    bytes.writeUIntLE(length, this.#end + 1, Math.min(size, 6));
    this.#end += 1 + size;
  }

  #reserve(more: number): void {
    this.#bytes = withRoom(this.#bytes, this.#end, more);
  }
}
