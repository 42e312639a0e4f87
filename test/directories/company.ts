import { expect, it } from "vitest";
import { noCounts } from "../counts.ts";
import type { Mariadb } from "../servers/mariadb.ts";
import type { Example } from "./example.ts";
import { differences, none, type Row, rowsWritten, tableOf } from "./reading.ts";

/** Thousands of people in a directory, by the configuration of its example. Functions give what is there when the tests run. */
export interface Company {
  readonly example: () => Example;
  readonly mariadb: () => Mariadb;
  /** Those who are active. */
  readonly active: readonly number[];
  /** The rows that they call for, by an independent reading. */
  readonly calledFor: () => Promise<Row[]>;
}

/** The program in the folder of the example. */
export const runIn =
  ({ example }: Pick<Company, "example">) =>
  async (...args: readonly string[]) =>
    example().work.here(args, example().env);

/** What is to be so of every directory: tests of a first and a second run. */
export function testReading(company: Company): void {
  const { active, calledFor, mariadb } = company;
  const run = runIn(company);

  it("are in the table as an independent reading finds them", async () => {
    const { code, counts, rejects, unknown, warnings } = await run("sync");
    expect({ code, counts, rejects, unknown, warnings }).toEqual({
      code: 0,
      counts: { ...noCounts, read: active.length, inserted: active.length },
      rejects: [],
      unknown: [],
      warnings: [],
    });
    const rows = await calledFor();
    expect(differences(rows, await tableOf(mariadb()))).toEqual(none);
    expect(rows).toHaveLength(active.length);
  });

  it("cause no write in the second run, as the database counts it", async () => {
    const before = await rowsWritten(mariadb());
    const { counts } = await run("sync");
    expect(counts).toEqual({ ...noCounts, read: active.length, unchanged: active.length });
    expect(await rowsWritten(mariadb())).toBe(before);
    expect(before).toBeGreaterThanOrEqual(active.length);
  });
}
