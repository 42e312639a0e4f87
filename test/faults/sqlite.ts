import { existsSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import Libsql from "libsql";
import { sqlite as sqliteSql } from "../program.ts";
import { type Arranged, type Cell, type Side, untilSaid } from "./cell.ts";
import { batchSize, type Ground } from "./ground.ts";
import { type Disk, mountSmallDisk, onSmallDisk } from "./small-disk.ts";

/** A SQLite file as the target fails. */

/** So much of the directory's answers has passed: some batches are written then. */
const middle = 300_000;

const forSeconds =
  "select max(x) from (with recursive c(x) as (values (1) union all select x + 1 from c where x < 50000000) select x from c)";

const noServer = "does not apply: there is no server and no network, SQLite is a part of the program";

/** A source whose answers pass a proxy, which does something in the middle of them. */
const inTheMiddle = ({ directories: { many } }: Ground, act: () => void): object => {
  many.proxy.afterBytes(middle, "toClient", act);
  return { source: { url: `ldap://127.0.0.1:${many.proxy.port}` } };
};

/** Lets the run have its file on a disk of its own. */
const moved = async (
  { sqliteFile }: Ground,
  size: string,
  arrange: (disk: Disk) => Promise<Arranged>,
): Promise<Arranged> => {
  const disk = await mountSmallDisk(size);
  const filename = join(disk.folder, "idm.sqlite");
  const { mend, config, ...arranged } = await copyFile(sqliteFile, filename)
    .then(() => arrange(disk))
    .catch(async (error: unknown) => {
      await disk.unmount();
      throw error;
    });
  return {
    ...arranged,
    config: { target: { connection: { filename } }, ...config },
    // What stands there is what is judged, and what the next run finds.
    mend: async () => {
      await mend?.();
      await copyFile(filename, sqliteFile);
    },
    tidy: () => disk.unmount(),
  };
};

/** Somebody else's connection to the file, which writes and does not come to an end. */
function writing({ sqliteFile }: Ground): { begin(): void; end(): void } {
  const other = new Libsql(sqliteFile);
  other.exec("pragma busy_timeout = 5000");
  return { begin: () => void other.exec("begin immediate"), end: () => void other.close() };
}

const quickly = (attempts: number) => ({ target: { timeoutMs: 200 }, retry: { attempts } });

const held = (name: string, when: "from the start" | "in the middle", expect: Cell["expect"]): Cell => ({
  name,
  arrange: (ground) => {
    const somebody = writing(ground);
    const passes = expect.code === 0;
    const source = when === "in the middle" ? inTheMiddle(ground, somebody.begin) : {};
    if (when === "from the start") somebody.begin();
    return {
      config: { ...quickly(passes ? 4 : 1), ...source },
      ...(passes && {
        during: async (running) => {
          await untilSaid(/attempt 1 of 4/, running);
          somebody.end();
        },
      }),
      mend: async () => {
        if (!passes) somebody.end();
      },
    };
  },
  expect,
});

export const sqlite = {
  "down at start": [
    {
      name: "the file is not there",
      arrange: ({ work }) => ({ config: { target: { connection: { filename: work.path("nowhere.sqlite") } } } }),
      expect: {
        code: 2,
        written: "nothing",
        message: /^target\.connection\.filename: \S+nowhere\.sqlite does not exist$/,
        hint: /^create the database and its table first$/,
      },
    },
  ],
  refused: noServer,
  "silent at start": noServer,
  "wrong password": "does not apply: a file has no password",
  "cut mid-page or mid-batch": noServer,
  "cut around the commit": noServer,
  "stalled for longer than the time-out": noServer,
  "slow (50 KB/s)": noServer,
  "TLS broken": noServer,
  "disk full": onSmallDisk({
    name: "the file cannot grow",
    arrange: (ground) => moved(ground, "440k", async (disk) => ({ mend: () => disk.remount("size=8m") })),
    expect: {
      code: 1,
      written: "a part",
      message: /^\S+idm\.sqlite: database or disk is full$/,
      hint: /make room on the disk$/,
    },
  }),
  "read-only": onSmallDisk({
    name: "from the start",
    arrange: (ground) =>
      moved(ground, "8m", async (disk) => {
        await disk.remount("ro");
        return { mend: () => disk.remount("rw") };
      }),
    expect: {
      code: 1,
      written: "nothing",
      message: /^\S+idm\.sqlite: attempt to write a readonly database$/,
      hint: /let this user write to the file and to its folder$/,
    },
  }),
  "lock wait time-out": [
    held("another writer, for a while", "from the start", {
      code: 0,
      written: "all",
      retried: /^warning: another program has \S+ locked; attempt /,
    }),
    held("another writer in the middle, for a while", "in the middle", {
      code: 0,
      written: "all",
      retried: /^warning: another program has \S+ locked; attempt /,
    }),
    held("another writer, for good", "in the middle", {
      code: 1,
      written: "a part",
      message: /^another program has \S+ locked; given up after 1 attempt to go on$/,
      hint: /run again when nobody else is in the way$/,
      retried: /^warning: another program has \S+ locked; attempt /,
      lockStands: true,
    }),
  ],
  deadlock: "does not apply: one writes at a time; who cannot begin waits, which is the row above",
  "killed and restarted": [
    {
      name: "kill -9 of the program, in the middle of a batch",
      process: true,
      arrange: async ({ sqliteFile, directories: { many } }) => {
        const isNew = (uid: string) => Number(uid.slice(1)) % 5 > 0;
        const newFrom = (batch: number) => many.active.slice(batch * batchSize).find(isNew);
        sqliteSql(
          sqliteFile,
          `create trigger slow before insert on users when new.username = '${newFrom(4)}' begin ${forSeconds}; end`,
        );
        return {
          during: async (running) => {
            await untilSaid(new RegExp(`insert \\S+ \\(uid=${newFrom(3)},`), running);
            // SQLite has it for as long as a transaction has written something and has not ended.
            while (!existsSync(`${sqliteFile}-journal`)) await pause(5);
            running.kill();
          },
          mend: async () => void sqliteSql(sqliteFile, "drop trigger slow"),
        };
      },
      expect: { code: "SIGKILL", written: "a part", lockStands: true },
    },
  ],
} satisfies Side;
