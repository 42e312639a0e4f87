import { type Connection, createConnection } from "mysql2/promise";
import { type Arranged, type Cell, type Side, untilSaid } from "./cell.ts";
import { batchSize, type Ground } from "./ground.ts";
import { again, at, attempts, middle, says } from "./mariadb-words.ts";

/** Somebody else is in the way in MariaDB. */

/** Another client, as root: what it locks is locked for the run. */
const somebody = ({ mariadb: { socket, database } }: Ground): Promise<Connection> =>
  createConnection({ socketPath: socket, user: "root", database });

/** The people of one batch whose rows are there, which are updated. */
const updatedIn = (batch: number, { directories }: Ground): readonly string[] =>
  directories.many.active
    .slice(batch * batchSize, (batch + 1) * batchSize)
    .filter((uid) => Number(uid.slice(1)) % 5 === 0);

const lockWait = "says: Lock wait timeout exceeded; try restarting transaction";

/** Lets go what somebody holds when the run says that it waits for it. */
const untilRetried =
  (other: Connection): NonNullable<Arranged["during"]> =>
  async (running) => {
    await untilSaid(/attempt 1 of 4/, running);
    await other.end();
  };

/** Holds rows or the table until the run says that it waits, and as long as the run lasts where it is to give up. */
const held = (name: string, lock: (ground: Ground) => string, expect: Cell["expect"]): Cell => ({
  name,
  arrange: async (ground) => {
    const other = await somebody(ground);
    for (const statement of lock(ground).split("; ")) await other.query(statement);
    const passes = expect.code === 0;
    return {
      config: { target: { timeoutMs: 2000 }, ...attempts(passes ? 4 : 1) },
      ...(passes && { during: untilRetried(other) }),
      mend: async () => other.destroy(),
    };
  },
  expect,
});

const lockRow = (ground: Ground) =>
  `begin; select * from users where username = '${updatedIn(3, ground)[0]}' for update`;

export const locks = {
  "lock wait time-out": [
    held("a row, for a while", lockRow, { code: 0, written: "all", retried: again(lockWait) }),
    held("a row, for good", lockRow, {
      code: 1,
      written: "a part",
      message: says(`${lockWait}; given up after 1 attempt to go on`),
      hint: /run again when nobody else is in the way$/,
      retried: again(lockWait),
    }),
    held("the table, by a backup (LOCK TABLES), for a while", () => "lock tables users read", {
      code: 0,
      written: "all",
      retried: again(lockWait),
    }),
    {
      name: "the commits, by a backup (BACKUP STAGE), for a while",
      arrange: async (ground) => {
        const { proxy } = ground;
        const other = await somebody(ground);
        const hold = async (): Promise<void> => {
          proxy.stall();
          for (const stage of ["start", "block_commit"]) await other.query(`backup stage ${stage}`);
          await proxy.resume();
        };
        proxy.afterBytes(middle, "toServer", () => void hold());
        return {
          config: at(proxy, { timeoutMs: 2000 }),
          during: untilRetried(other),
          mend: async () => other.destroy(),
        };
      },
      expect: { code: 0, written: "all", retried: again(lockWait) },
    },
    held("all tables, by a backup (FLUSH TABLES WITH READ LOCK), for a while", () => "flush tables with read lock", {
      code: 0,
      written: "all",
      retried: again(lockWait),
    }),
  ],
  deadlock: [
    {
      name: "with somebody who has changed more rows",
      arrange: async (ground) => {
        const [first = "", ...others] = updatedIn(3, ground);
        const other = await somebody(ground);
        const row = (uid: string) => other.query(`select * from users where username = '${uid}' for update`);
        await other.query("begin");
        await other.query("update heavy set n = n + 1");
        await row(others.at(-1) ?? "");
        return {
          during: async () => {
            await untilWaiting(ground);
            await row(first);
            await other.end();
          },
          mend: async () => other.destroy(),
        };
      },
      expect: {
        code: 0,
        written: "all",
        retried: again("says: Deadlock found when trying to get lock; try restarting transaction"),
      },
    },
  ],
} satisfies Partial<Side>;

/** Waits until somebody's statement waits for a lock. */
async function untilWaiting({ mariadb }: Ground): Promise<void> {
  for (;;) {
    const [row] = await mariadb.sql("select 1 from information_schema.innodb_trx where trx_state = 'LOCK WAIT'");
    if (row) return;
    // The server looks again only where nobody has asked for 100 ms.
    await new Promise((resolve) => setTimeout(resolve, 110));
  }
}
