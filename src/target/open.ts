import type { ResolvedConfig } from "../config/load.ts";
import { type Connection, connected } from "./connection.ts";
import { databaseTarget, type Opening } from "./database.ts";
import type { Dialect } from "./dialect.ts";
import { mysqlDialect } from "./mysql.ts";
import { sqliteDialect } from "./sqlite.ts";
import type { Target } from "./target.ts";

type TargetConfig = ResolvedConfig["target"];
type Dialects = {
  readonly [C in TargetConfig["client"]]: (config: Extract<TargetConfig, { client: C }>) => Dialect;
};

/** Each database that can be a target, by its name in the configuration. */
const dialects = { mysql2: mysqlDialect, sqlite: sqliteDialect } satisfies Dialects;

/** Connects, and reads the table's shape. */
export function openTarget(config: TargetConfig, opening: Partial<Opening> = {}): Promise<Target> {
  return databaseTarget(dialectOf(config), config, { readOnly: false, ...opening });
}

/** A short connection to the same database, for a table of the program's own. */
export const withConnection = <T>(
  config: TargetConfig,
  { readOnly }: Pick<Opening, "readOnly">,
  work: (connection: Connection) => Promise<T>,
): Promise<T> => connected(dialectOf(config), readOnly, work);

const dialectOf = (config: TargetConfig): Dialect =>
  (dialects[config.client] as (config: TargetConfig) => Dialect)(config);
