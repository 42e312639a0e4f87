import { type Connection, createConnection } from "mysql2/promise";
import { certificates } from "../servers/certificates.ts";
import { type Mariadb, startMariadb } from "../servers/mariadb.ts";
import { type Arranged, type Cell, type Side, untilSaid } from "./cell.ts";
import { batchSize, expiredCertificate, type Ground } from "./ground.ts";
import { fullTablespace } from "./small-disk.ts";

/** MariaDB as the target fails. */

/** Somewhere in the middle of all statements. */
const middle = 200_000;

const at = ({ port }: { readonly port: number }, changes: object = {}) => ({
  target: { connection: { host: "127.0.0.1", port }, ...changes },
});
const attempts = (attempts: number) => ({ retry: { attempts } });

const says = (words: string) => new RegExp(`^the database at 127\\.0\\.0\\.1:\\d+ ${words}$`);
const again = (words: string) => new RegExp(`the database at 127\\.0\\.0\\.1:\\d+ ${words}; attempt `);
const whenWell = /run again when the database is well/;

/** Another client, as root: what it locks is locked for the run. */
const somebody = ({ mariadb: { socket, database } }: Ground): Promise<Connection> =>
  createConnection({ socketPath: socket, user: "root", database });

/** The people of one batch whose rows are there, which are updated. */
const updatedIn = (batch: number, { directories }: Ground): readonly string[] =>
  directories.many.active
    .slice(batch * batchSize, (batch + 1) * batchSize)
    .filter((uid) => Number(uid.slice(1)) % 5 === 0);

/** What a server of its own does, which lives for one run. */
const stranger = async (args: readonly string[], tls: object): Promise<Arranged> => {
  const server = await startMariadb({ args });
  return {
    config: at(server, { connection: { host: server.host, port: server.port, tls } }),
    mend: () => server.stop(),
  };
};

const readOnly = async (mariadb: Mariadb, value: 0 | 1): Promise<void> =>
  void (await mariadb.sql(`set global read_only = ${value}`));

const lockWait = "says: Lock wait timeout exceeded; try restarting transaction";

/** Holds rows or the table until the run says that it waits, and as long as the run lasts where it is to give up. */
const held = (name: string, lock: (ground: Ground) => string, expect: Cell["expect"]): Cell => ({
  name,
  arrange: async (ground) => {
    const other = await somebody(ground);
    for (const statement of lock(ground).split("; ")) await other.query(statement);
    const passes = expect.code === 0;
    return {
      config: { target: { timeoutMs: 2000 }, ...attempts(passes ? 4 : 1) },
      ...(passes && {
        during: async (running) => {
          await untilSaid(/attempt 1 of 4/, running);
          await other.end();
        },
      }),
      mend: async () => other.destroy(),
    };
  },
  expect,
});

const lockRow = (ground: Ground) =>
  `begin; select * from users where username = '${updatedIn(3, ground)[0]}' for update`;

export const mariadb = {
  "down at start": [
    {
      name: "nobody listens",
      arrange: async ({ mariadb }) => {
        await mariadb.kill();
        return { mend: () => mariadb.restart() };
      },
      expect: {
        code: 1,
        written: "nothing",
        message: says("refused the connection"),
        hint: /^is it running, and are host and port in target\.connection right\?$/,
      },
    },
  ],
  refused: [
    {
      name: "too many connections",
      arrange: async ({ mariadb: { host, port, user, password, sql } }) => {
        await sql("set global max_connections = 10");
        const all = await Promise.allSettled(
          Array.from({ length: 12 }, () => createConnection({ host, port, user, password })),
        );
        const crowd = all.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
        return {
          mend: async () => {
            for (const each of crowd) each.destroy();
            await sql("set global max_connections = 151");
          },
        };
      },
      expect: {
        code: 1,
        written: "nothing",
        message: says("says: Too many connections"),
        hint: /a sync has three connections/,
      },
    },
    {
      name: "too many connections of this user",
      arrange: async ({ mariadb }) => {
        await mariadb.sql("alter user idm@'%' with max_user_connections 1");
        return {
          config: attempts(1),
          mend: () => mariadb.sql("alter user idm@'%' with max_user_connections 0"),
        };
      },
      expect: {
        code: 1,
        written: "nothing",
        message: says(
          "says: User 'idm' has exceeded the 'max_user_connections' resource .*; given up after 1 attempt to go on",
        ),
        hint: /a sync has three connections/,
        retried: /max_user_connections/,
      },
    },
  ],
  "silent at start": [
    {
      name: "connects, and is not answered",
      arrange: ({ proxy }) => {
        proxy.stall();
        return { config: at(proxy, { timeoutMs: 300 }) };
      },
      expect: {
        code: 1,
        written: "nothing",
        message: says("did not answer in time"),
        hint: /^is it running, and are host and port in target\.connection right\?$/,
      },
    },
  ],
  "wrong password": [
    {
      name: "access denied (1045)",
      process: true,
      arrange: () => ({ env: { DB_PASSWORD: "marked-wrong-secret" } }),
      expect: {
        code: 1,
        written: "nothing",
        message: says("says: Access denied for user 'idm'@'127\\.0\\.0\\.1' \\(using password: YES\\)"),
        hint: /^check target\.connection\.user and password$/,
      },
    },
  ],
  "cut mid-page or mid-batch": [
    {
      name: "by RST, once",
      arrange: ({ proxy }) => {
        proxy.cutAfterBytes(middle, "toServer");
        return { config: at(proxy) };
      },
      expect: { code: 0, written: "all", retried: again("cut the connection") },
    },
    {
      name: "by RST, and refused from then on",
      arrange: ({ proxy }) => {
        proxy.afterBytes(middle, "toServer", () => {
          proxy.refuse();
          proxy.cut();
        });
        return { config: { ...at(proxy), ...attempts(2) } };
      },
      expect: {
        code: 1,
        written: "a part",
        message: says("refused the connection; given up after 2 attempts to go on"),
        hint: whenWell,
        retried: again("(cut|refused) the connection"),
        inDoubt: "written perhaps",
        lockStands: true,
      },
    },
  ],
  "cut around the commit": [
    {
      name: "it is not heard",
      arrange: ({ proxy }) => {
        proxy.cutAround("COMMIT", 6, "unheard");
        return { config: at(proxy) };
      },
      expect: { code: 0, written: "all", retried: again("cut the connection") },
    },
    {
      name: "it is done, and the answer lost",
      arrange: ({ proxy }) => {
        proxy.cutAround("COMMIT", 6, "unanswered");
        return { config: at(proxy) };
      },
      expect: { code: 0, written: "all", retried: again("cut the connection") },
    },
    ...(["unheard", "unanswered"] as const).map(
      (how): Cell => ({
        name: `it is ${how === "unheard" ? "not heard" : "done"}, and nobody is there to ask`,
        arrange: ({ proxy }) => {
          proxy.cutAround("COMMIT", 6, how);
          const during: Arranged["during"] = async (running) => {
            await untilSaid(/attempt 1 of 1/, running);
            proxy.refuse();
          };
          return { config: { ...at(proxy), ...attempts(1) }, during };
        },
        expect: {
          code: 1,
          written: "a part",
          message: says("refused the connection; given up after 1 attempt to go on"),
          hint: /^finished batches stand; whether the last batch \(100 rows, \S+ to \S+\) was written is not known and not counted; run again/,
          retried: again("cut the connection"),
          inDoubt: how === "unheard" ? "not written" : "written",
          lockStands: true,
        },
      }),
    ),
  ],
  "stalled for longer than the time-out": [
    {
      name: "in the middle of a batch, for a while",
      arrange: ({ proxy }) => {
        proxy.afterBytes(middle, "toServer", () => proxy.stall());
        const during: Arranged["during"] = async (running) => {
          await untilSaid(/attempt 1 of 4/, running);
          await proxy.resume();
        };
        return { config: at(proxy, { timeoutMs: 500 }), during };
      },
      expect: { code: 0, written: "all", retried: again("did not answer in time") },
    },
    {
      name: "in the middle of a batch, for good",
      arrange: ({ proxy }) => {
        proxy.afterBytes(middle, "toServer", () => proxy.stall());
        return { config: { ...at(proxy, { timeoutMs: 500 }), ...attempts(1) } };
      },
      expect: {
        code: 1,
        written: "a part",
        message: says("did not answer in time; given up after 1 attempt to go on"),
        hint: whenWell,
        retried: again("did not answer in time"),
        inDoubt: "written perhaps",
        lockStands: true,
      },
    },
  ],
  "slow (50 KB/s)": [
    {
      name: "slower in all than the time-out, never silent for so long",
      people: "few",
      arrange: ({ proxy }) => {
        proxy.slow(50_000);
        return { config: { ...at(proxy, { timeoutMs: 1500 }), batchSize: 50 } };
      },
      expect: { code: 0, written: "all" },
    },
  ],
  "TLS broken": [
    {
      name: "a certificate of another authority",
      arrange: () => ({ config: { target: { connection: { tls: { ca: certificates().otherCa } } } } }),
      expect: {
        code: 1,
        written: "nothing",
        message: /^the database at 127\.0\.0\.1:\d+: TLS failed: .*certificate.*$/,
        hint: /target\.connection\.tls/,
      },
    },
    {
      name: "a certificate that has expired",
      arrange: async () => {
        const { serverCert, serverKey } = await expiredCertificate();
        return stranger([`--ssl-cert=${serverCert}`, `--ssl-key=${serverKey}`], { ca: certificates().ca });
      },
      expect: {
        code: 1,
        written: "nothing",
        message: /^the database at 127\.0\.0\.1:\d+: TLS failed: certificate has expired$/,
        hint: /renew/,
      },
    },
    {
      name: "plain where TLS is expected",
      arrange: () => stranger(["--skip-ssl"], { ca: certificates().ca }),
      expect: {
        code: 1,
        written: "nothing",
        message: /^the database at 127\.0\.0\.1:\d+: TLS failed: Server does not support secure connection$/,
        hint: /^check target\.connection\.tls$/,
      },
    },
  ],
  "disk full": [fullTablespace],
  "read-only": [
    {
      name: "from the start",
      arrange: async ({ mariadb }) => {
        await readOnly(mariadb, 1);
        return { mend: () => readOnly(mariadb, 0) };
      },
      expect: {
        code: 1,
        written: "nothing",
        message: says("says: .*read-only.*"),
        hint: /^the server is read-only; point target\.connection at the primary$/,
      },
    },
    {
      name: "in the middle",
      arrange: ({ mariadb, proxy }) => {
        proxy.afterBytes(middle, "toServer", () => {
          proxy.stall();
          void readOnly(mariadb, 1).then(() => proxy.resume());
        });
        return { config: at(proxy), mend: () => readOnly(mariadb, 0) };
      },
      expect: {
        code: 1,
        written: "a part",
        message: says("says: .*read-only.*"),
        hint: /the server is read-only; point target\.connection at the primary$/,
        lockStands: true,
      },
    },
  ],
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
  "killed and restarted": [
    {
      name: "kill -9 in the middle of a batch",
      arrange: ({ mariadb, proxy }) => {
        let back: Promise<void> | undefined;
        proxy.afterBytes(middle, "toServer", () => {
          back = mariadb.kill().then(() => mariadb.restart());
        });
        return { config: at(proxy), mend: () => back };
      },
      expect: { code: 0, written: "all", retried: again("(cut|refused) the connection") },
    },
    {
      name: "stopped in good order",
      arrange: ({ mariadb, proxy }) => {
        let back: Promise<void> | undefined;
        proxy.afterBytes(middle, "toServer", () => {
          back = mariadb.restart();
        });
        return { config: at(proxy), mend: () => back };
      },
      expect: {
        code: 0,
        written: "all",
        retried: again("((cut|refused) the connection|says: (Server shutdown in progress|Connection was killed))"),
      },
    },
  ],
} satisfies Side;

/** Waits until somebody's statement waits for a lock. */
async function untilWaiting({ mariadb }: Ground): Promise<void> {
  for (;;) {
    const [row] = await mariadb.sql("select 1 from information_schema.innodb_trx where trx_state = 'LOCK WAIT'");
    if (row) return;
    // The server looks again only where nobody has asked for 100 ms.
    await new Promise((resolve) => setTimeout(resolve, 110));
  }
}
