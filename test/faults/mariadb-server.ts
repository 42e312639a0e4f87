import { createConnection } from "mysql2/promise";
import type { Mariadb } from "../servers/mariadb.ts";
import type { Side } from "./cell.ts";
import { again, at, attempts, middle, says } from "./mariadb-words.ts";
import { fullTablespace } from "./small-disk.ts";

/** MariaDB itself fails. */

const readOnly = async (mariadb: Mariadb, value: 0 | 1): Promise<void> =>
  void (await mariadb.sql(`set global read_only = ${value}`));

export const server = {
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
} satisfies Partial<Side>;
