import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cell, faults, type Side } from "./cell.ts";
import { directory } from "./directory.ts";
import { type Ground, startGround } from "./ground.ts";
import { mariadb } from "./mariadb.ts";
import { type Line, printed } from "./printed.ts";
import { sqlite } from "./sqlite.ts";
import { type Place, tryCell } from "./trial.ts";

/**
 * Every fault of the directory and the database, each met by a run of its own on real servers. Whatever happens: the run
 * says what, where and what to do; whole batches stand, and as many as it counts; nobody is deactivated; no secret is
 * told; and the next run makes the right table, by an independent reading.
 */

const sides: readonly (readonly [Place, Side])[] = [
  ["directory", directory],
  ["MariaDB", mariadb],
  ["SQLite", sqlite],
];

let ground: Ground;
const filled: Line[] = [];

beforeAll(async () => {
  ground = await startGround();
});
afterAll(async () => {
  await ground?.stop();
  process.stdout.write(`\n${printed(filled)}\n`);
});

describe.each(faults)("%s", (fault) => {
  for (const [place, side] of sides) {
    const cells = side[fault];
    if (typeof cells === "string") {
      it(`${place} has none, for a reason`, () => {
        expect(cells).toMatch(/^does not apply: \S/);
        filled.push({ fault, place, name: "", exit: "-", table: "", next: "", said: cells });
      });
      continue;
    }
    it.each(cells.map((cell): [string, Cell] => [cell.name, cell]))(`${place}: %s`, async (name, cell) => {
      filled.push({ fault, place, name, ...(await tryCell(ground, place, cell)) });
    });
  }
});
