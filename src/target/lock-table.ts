import { createHash } from "node:crypto";
import type { Binding, Dialect, Statement } from "./dialect.ts";
import type { Fence, Lock, LockHolder, LockRequest, LockRow, Standing } from "./lock.ts";
import type { Pool, Recipient } from "./send.ts";
import { WriteError } from "./target.ts";

/** The table of the locks; it is made where it is not there. */
export const lockTable = "idm_ldap_sync_lock";

/** What differs from one database to the next. Time is the database's, never that of the host. */
export interface LockDialect {
  /** The connection that the lock has for itself. */
  connect(db: Recipient): Promise<Pool>;
  /** The statement that makes the table where it is not there. */
  readonly create: string;
  /** Now, in UTC. */
  readonly now: string;
  /** So many seconds (one place for a value) from now. */
  readonly later: string;
  /** Whether the error may mean that the table is not there. */
  isMissing(error: unknown): boolean;
  /** The statement that adds the column in which a success is remembered, and whether the error means that it is not there. */
  readonly addSuccess: string;
  lacksSuccess(error: unknown): boolean;
  /** Whether the error means that the user may not use or make the table. */
  isDenied(error: unknown): boolean;
  /** The lock that is left where the table may not be used; `why` is what the database says. */
  readonly instead: ((db: Recipient, row: LockRow, why: string) => Omit<Lock, "close">) | undefined;
}

/** Opens the lock of this name and table. Where the table of the locks may not be used, the dialect's other one is taken. */
export async function openLock(db: Recipient, dialect: Dialect, table: string, request: LockRequest): Promise<Lock> {
  const { connect, isDenied, instead } = dialect.lock;
  const sorted = (work: Promise<Standing>): Promise<Standing> =>
    work.catch((error: unknown) => {
      throw dialect.classify(error) ?? error;
    });
  const pool = await connect(db);
  const row = { name: keyName(request.name), table: table.toLowerCase() };
  let lock = inTable(pool, dialect, row, request);
  return {
    take: () =>
      sorted(
        lock.take().catch((error: unknown) => {
          if (!instead || !isDenied(error)) throw error;
          lock = instead(pool, row, error instanceof Error ? error.message : String(error));
          return lock.take();
        }),
      ),
    renew: () => sorted(lock.renew()),
    release: (succeeded) => sorted(lock.release(succeeded)),
    get warning() {
      return lock.warning;
    },
    close: () => pool.close(),
  };
}

const longestName = 191;

/** A name that is longer than its column is cut, and told apart from others by its hash. */
function keyName(name: string): string {
  const characters = Array.from(name);
  if (characters.length <= longestName) return name;
  const digest = createHash("sha256").update(name).digest("hex").slice(0, 40);
  return `${characters.slice(0, 150).join("")} ${digest}`;
}

/** The row of a lock as it was read. */
interface Seen {
  readonly token: string;
  readonly runId: string;
  readonly free: boolean;
  readonly holder: LockHolder;
}

function inTable(db: Recipient, dialect: Dialect, row: LockRow, request: LockRequest): Omit<Lock, "close"> {
  const { runner, leaseSeconds } = request;
  const fenceOf = (token: string): Fence => ({ ...row, runId: runner.runId, token, leaseSeconds });
  let fence = fenceOf("0");
  const read = async (): Promise<Seen | undefined> => seen((await dialect.rows(db, select(dialect, row)))[0]);
  const readOrCreate = (): Promise<Seen | undefined> =>
    read().catch(async (error: unknown) => {
      if (!dialect.lock.isMissing(error)) throw error;
      await dialect.run(db, { sql: dialect.lock.create, bindings: [] });
      return read();
    });
  const standing = async (rows: number): Promise<Standing> =>
    rows === 1 ? { held: true, fence } : { held: false, holder: (await read())?.holder };
  return {
    warning: undefined,
    take: async () => {
      const before = await readOrCreate();
      if (before && before.runId !== runner.runId && !before.free) return { held: false, holder: before.holder };
      const taking = before ? takeOver(dialect, before.token, row, request) : insert(dialect, row, request);
      const taken = await dialect.run(db, taking).catch((error: unknown) => {
        if (isDuplicate(dialect, error)) return 0;
        throw error;
      });
      if (taken === 1) fence = fenceOf(String(BigInt(before?.token ?? 0) + 1n));
      return standing(taken);
    },
    renew: async () => standing(await dialect.run(db, renewal(dialect, fence))),
    release: async (succeeded) => {
      if (!succeeded) return standing(await dialect.run(db, giveBack(fence)));
      const done = succeed(dialect, fence);
      return standing(await withSuccessColumn(db, dialect, done).catch(() => dialect.run(db, giveBack(fence))));
    },
  };
}

/** Tables of earlier versions have no such column; where it may not be added, a success is not remembered here. */
async function withSuccessColumn(db: Recipient, dialect: Dialect, statement: Statement): Promise<number> {
  return dialect.run(db, statement).catch(async (error: unknown) => {
    if (!dialect.lock.lacksSuccess(error)) throw error;
    await dialect.run(db, { sql: dialect.lock.addSuccess, bindings: [] });
    return dialect.run(db, statement);
  });
}

/** Whether a sync of this name into this table was done; not where that cannot be read. */
export async function hasSucceeded(db: Recipient, dialect: Dialect, { name, table }: LockRow): Promise<boolean> {
  const { isMissing, isDenied, lacksSuccess } = dialect.lock;
  const statement = {
    sql: `select count(*) from ${lockTable} where ${own} and succeeded_at is not null`,
    bindings: [keyName(name), table.toLowerCase()],
  };
  const rows = await dialect.rows(db, statement).catch((error: unknown) => {
    if (isMissing(error) || isDenied(error) || lacksSuccess(error)) return [[0]];
    throw error;
  });
  return Number(rows[0]?.[0] ?? 0) > 0;
}

/** Somebody else has made the row meanwhile. */
const isDuplicate = (dialect: Dialect, error: unknown): boolean => {
  const sorted = dialect.classify(error);
  return sorted instanceof WriteError && sorted.index !== undefined;
};

function seen(raw: readonly unknown[] | undefined): Seen | undefined {
  if (!raw) return undefined;
  const [token, runId, host, pid, user, since, free] = raw.map(String);
  const holder = { process: `process ${pid}`, host: host ?? "", user, since: `${since?.slice(0, 19)} UTC` };
  return { token: token ?? "", runId: runId ?? "", free: free === "1", holder };
}

const own = "name = ? and target_table = ?";

const select = ({ lock: { now } }: Dialect, { name, table }: LockRow): Statement => ({
  sql: `select token, run_id, host, pid, os_user, taken_at, case when expires_at > ${now} then 0 else 1 end as is_free from ${lockTable} where ${own}`,
  bindings: [name, table],
});

const identity = ({ runner }: LockRequest): Binding[] => [
  runner.runId,
  runner.host.slice(0, 255),
  runner.pid,
  runner.user.slice(0, 255),
];

const insert = ({ insertInto, lock }: Dialect, { name, table }: LockRow, request: LockRequest): Statement => ({
  sql: `${insertInto} ${lockTable} (name, target_table, token, run_id, host, pid, os_user, taken_at, expires_at) values (?, ?, 1, ?, ?, ?, ?, ${lock.now}, ${lock.later})`,
  bindings: [name, table, ...identity(request), request.leaseSeconds],
});

/**
 * Of several who saw the same token one finds it still there, and none where its holder has renewed the lease meanwhile.
 * That is so on Galera too, where two may find it, each on a node of its own: one of them fails in certification, and its
 * statement is tried again.
 */
const takeOver = ({ lock }: Dialect, token: string, { name, table }: LockRow, request: LockRequest): Statement => ({
  sql: `update ${lockTable} set token = token + 1, run_id = ?, host = ?, pid = ?, os_user = ?, taken_at = ${lock.now}, expires_at = ${lock.later} where ${own} and token = ? and (expires_at is null or expires_at <= ${lock.now} or run_id = ?)`,
  bindings: [...identity(request), request.leaseSeconds, name, table, BigInt(token), request.runner.runId],
});

const ours = `${own} and run_id = ? and token = ?`;
const bindingsOf = ({ name, table, runId, token }: Fence): Binding[] => [name, table, runId, BigInt(token)];

/**
 * Finds one row where the run still holds the lock. In a transaction it is the fence: until the commit nobody else can
 * take the lock. It changes the row for that, because on Galera only what is changed is certified against other nodes,
 * not what is merely read `for update` (https://mariadb.com/kb/en/mariadb-galera-cluster-known-limitations/).
 */
export const renewal = ({ lock }: Dialect, fence: Fence): Statement => ({
  sql: `update ${lockTable} set expires_at = ${lock.later} where ${ours} and expires_at is not null`,
  bindings: [fence.leaseSeconds, ...bindingsOf(fence)],
});

const succeed = ({ lock }: Dialect, fence: Fence): Statement => ({
  sql: `update ${lockTable} set expires_at = null, succeeded_at = ${lock.now} where ${ours}`,
  bindings: bindingsOf(fence),
});

/** The row stays, so that the token only grows. */
const giveBack = (fence: Fence): Statement => ({
  sql: `update ${lockTable} set expires_at = null where ${ours}`,
  bindings: bindingsOf(fence),
});
