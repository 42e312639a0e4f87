import { expect, it } from "vitest";
import type { MysqlReader, RawMysqlConnection } from "../src/target/knex.ts";
import { preparedInserts } from "../src/target/mysql-prepared.ts";

/** What a server answers to the request for a statement: of which number it is, and how many places it is said to have. */
function header(statement: number, places: number): Buffer {
  const packet = Buffer.alloc(12);
  packet.writeUInt32LE(statement, 1);
  packet.writeUInt16LE(places, 7);
  return packet;
}

const description = Buffer.from([3, ...Buffer.from("def")]);
const end = Buffer.from([0xfe, 0, 0, 0, 0]);

/** A connection whose server answers the request for a statement with these packets, and executes all. */
function connectionTo(answer: readonly Buffer[]) {
  const sent: number[] = [];
  let last = 0;
  const connection = {
    writePacket: ({ buffer }: { buffer: Buffer }) => {
      last = buffer[4] ?? 0;
      sent.push(last);
    },
    addCommand: (command: {
      start: () => MysqlReader | null;
      onResult: (error: null, result: { affectedRows: number }) => void;
    }) => {
      let reader = command.start();
      if (last === 0x17) command.onResult(null, { affectedRows: 50 });
      else for (const buffer of answer) reader = reader?.({ buffer, offset: 0 }) ?? null;
      if (last === 0x16) expect(reader).toBeNull();
    },
  } as unknown as RawMysqlConnection;
  return { connection, sent };
}

const rows = Array.from({ length: 50 }, (_, at) => [String(at), "x"]);

it.each([
  ["each of its places", [header(7, 100), ...Array.from({ length: 100 }, () => description), end]],
  ["its places in number alone", [header(7, 100), end]],
  ["none of its places", [header(7, 0)]],
])("a statement is prepared by a server that describes %s", async (_, answer) => {
  const { connection, sent } = connectionTo(answer);
  const insert = preparedInserts();
  const shape = { head: "insert into t (a, b) values ", rows };
  expect(await insert(connection, shape)).toBeUndefined();
  expect(await insert(connection, shape)).toBe(50);
  expect(await insert(connection, shape)).toBe(50);
  expect(sent).toEqual([0x16, 0x17, 0x17]);
});

it("a shape that came long ago is a new one", async () => {
  const { connection, sent } = connectionTo([header(7, 0)]);
  const insert = preparedInserts();
  const shape = (at: number) => ({ head: `insert into t${at} (a, b) values `, rows });
  for (let at = 0; at < 9; at += 1) expect(await insert(connection, shape(at))).toBeUndefined();
  expect(await insert(connection, shape(0))).toBeUndefined();
  expect(await insert(connection, shape(8))).toBe(50);
  expect(sent).toEqual([0x16, 0x17]);
});
