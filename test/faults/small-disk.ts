import { setTimeout as pause } from "node:timers/promises";
import { run, runsAsRoot } from "../servers/command.ts";
import { instanceFolder } from "../servers/folder.ts";
import type { Mariadb } from "../servers/mariadb.ts";
import type { Cell } from "./cell.ts";
import { mariadbTable } from "./store.ts";

/** Places where there is no room, or where nothing may be written. */

/** Where the tables lie that `fill` fills: a file that does not grow. InnoDB 10.11 itself aborts where a disk is full. */
export const smallTablespace = "--innodb-data-file-path=ibdata1:12M;ibdata2:8M";

/** The users in a tablespace that another table has filled. */
export const fullTablespace: Cell = {
  name: "no room in the tablespace",
  arrange: async ({ mariadb }) => {
    await inSmallTablespace(mariadb, `drop table users; ${mariadbTable}; create table filler (a varchar(8000))`);
    await mariadb.sql("insert into users select * from many");
    await fill(mariadb);
    return {
      mend: async () => {
        await mariadb.sql("drop table filler");
        await untilRoom(mariadb);
      },
      tidy: () => mariadb.sql(`drop table users; ${mariadbTable}`),
    };
  },
  expect: {
    code: 1,
    written: "a part",
    message: /^the database at 127\.0\.0\.1:\d+ says: The table '\w+' is full$/,
    hint: /make room/,
  },
};

/** A dropped table gives its room back a moment later. */
async function untilRoom({ sql }: Mariadb): Promise<void> {
  const room = "select data_free as room from information_schema.tables where table_name = 'users'";
  while (Number((await sql(room))[0]?.room) < 4 * 2 ** 20) await pause(10);
}

async function inSmallTablespace({ sql }: Mariadb, statements: string): Promise<void> {
  await sql(`set global innodb_file_per_table = 0`);
  await sql(statements).finally(() => sql("set global innodb_file_per_table = 1"));
}

async function fill({ sql }: Mariadb): Promise<void> {
  for (;;) {
    try {
      await sql("insert into filler select repeat('x', 8000) from seq_1_to_100");
    } catch (error) {
      if (error instanceof Error && "errno" in error && error.errno === 1114) return;
      throw error;
    }
  }
}

/** A disk in memory, of so few bytes that it can be full. */
export interface Disk {
  readonly folder: string;
  /** `size=1m`, `ro`. */
  remount(options: string): Promise<unknown>;
  unmount(): Promise<unknown>;
}

export async function mountSmallDisk(size: string): Promise<Disk> {
  const folder = await instanceFolder("disk-");
  await run(["mount", "-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder]);
  return {
    folder,
    remount: (options) => run(["mount", "-o", `remount,${options}`, folder]),
    unmount: () => run(["umount", folder]),
  };
}

export const onSmallDisk = (...cells: readonly Cell[]): readonly Cell[] | string =>
  runsAsRoot() ? cells : "does not apply: only root can mount a small disk";
