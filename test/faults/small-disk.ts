import { setTimeout as pause } from "node:timers/promises";
import { run, runsAsRoot } from "../servers/command.ts";
import { instanceFolder } from "../servers/folder.ts";
import type { Mariadb } from "../servers/mariadb.ts";
import type { Cell } from "./cell.ts";
import { mariadbTable } from "./store.ts";

/** Places where there is no room, or where nothing may be written. */

/** Where the tables lie that `fill` fills: a file that does not grow. InnoDB 10.11 itself aborts where a disk is full. */
export const smallTablespace = "--innodb-data-file-path=ibdata1:12M;ibdata2:8M";

/** The users in a tablespace that other tables have filled. */
export const fullTablespace: Cell = {
  name: "no room in the tablespace",
  arrange: async ({ mariadb }) => {
    await inSmallTablespace(mariadb, async (sql) => {
      await sql(`drop table users; ${mariadbTable}; insert into users select * from many`);
      await fill(sql);
      await fillUsers(sql);
    });
    return {
      mend: async () => {
        await mariadb.sql(`delete from users where username like '${fillingUser}%'`);
        await empty(mariadb);
      },
      tidy: () => mariadb.sql(`drop table users; ${mariadbTable}`),
    };
  },
  expect: {
    code: 1,
    written: "not all",
    message: /^the database at 127\.0\.0\.1:\d+ says: The table '\w+' is full$/,
    hint: /make room/,
  },
};

type Sql = Mariadb["sql"];

/** Tables that are made meanwhile lie there. */
async function inSmallTablespace({ sql }: Mariadb, work: (sql: Sql) => Promise<void>): Promise<void> {
  await sql("set global innodb_file_per_table = 0");
  await work(sql).finally(() => sql("set global innodb_file_per_table = 1"));
}

/** Large tables grow by a megabyte, and small ones by a page: the one takes what the other leaves. */
async function fill(sql: Sql): Promise<void> {
  const fits = (table: string, rows: number): Promise<boolean> =>
    sql(`insert into ${table} select repeat('x', 8000) from seq_1_to_${rows}`).then(
      () => true,
      (error: unknown) => {
        if (error instanceof Error && "errno" in error && error.errno === 1114) return false;
        throw error;
      },
    );
  await sql("create table filler (a varchar(8000))");
  while (await fits("filler", 100));
  for (let more = 0; ; more += 1) {
    await sql(`create table filler_${more} (a varchar(8000))`);
    if (!(await fits(`filler_${more}`, 40))) return;
  }
}

const fillingUser = "filler-";

/** The table of the users keeps some room that it has taken and not used. */
async function fillUsers(sql: Sql): Promise<void> {
  const text = "repeat('x', 95)";
  for (const rows of [200, 20, 1]) {
    for (let from = 0; ; from += rows) {
      const name = `concat('${fillingUser}${rows}-', ${from} + seq)`;
      const insert = `insert into users (external_id, username, display_name, town) select ${name}, ${name}, ${text}, ${text} from seq_1_to_${rows}`;
      const isFull = await sql(insert).then(
        () => false,
        (error: unknown) => {
          if (error instanceof Error && "errno" in error && error.errno === 1114) return true;
          throw error;
        },
      );
      if (isFull) break;
    }
  }
}

/** Drops what fills it. The room of a dropped table is there a moment later. */
async function empty({ sql }: Mariadb): Promise<void> {
  const fillers = await sql("select table_name as name from information_schema.tables where table_name like 'filler%'");
  await sql(`drop table ${fillers.map(({ name }) => name).join(", ")}`);
  const room = "select data_free as room from information_schema.tables where table_name = 'users'";
  while (Number((await sql(room))[0]?.room) < 4 * 2 ** 20) await pause(10);
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
    // Something may still look at it for a moment: then it goes as soon as that is over.
    unmount: () => run(["umount", "--lazy", folder]),
  };
}

export const onSmallDisk = (...cells: readonly Cell[]): readonly Cell[] | string =>
  runsAsRoot() ? cells : "does not apply: only root can mount a small disk";
