import { nearest } from "../nearest.ts";
import { checkLeavers } from "./leavers-rules.ts";
import { checkMapping } from "./mapping-rules.ts";
import type { Path, Problem } from "./problem.ts";
import type { Config, SourceConfig } from "./schema.ts";
import { checkSource } from "./source-rules.ts";

type MysqlConnection = Extract<Config["target"], { client: "mysql2" }>["connection"];

/** Rules that hold between keys, of a configuration that the schema accepts. */
export function crossCheck(config: Config): Problem[] {
  return [
    ...eachSource(config).flatMap(({ source, path }) => checkSource(source, path)),
    ...checkConnection(config.target),
    ...checkMapping(config.mapping),
    ...checkMatchKey(config),
    ...checkLeavers(config),
    ...checkHistory(config),
    ...config.protect.flatMap((row, index) =>
      Object.keys(row).length === 0
        ? [
            {
              path: ["protect", index],
              says: "is empty and would protect every row; it must name a column and its value",
            },
          ]
        : [],
    ),
  ];
}

/** The sources, each with its place in the configuration. */
export function eachSource({ source }: Config): { source: SourceConfig; path: Path }[] {
  if (!Array.isArray(source)) return [{ source, path: ["source"] }];
  return source.map((one, index) => ({ source: one, path: ["source", index] }));
}

function checkHistory({ history, target }: Config): Problem[] {
  const isUsersTable = history && "table" in history && history.table.toLowerCase() === target.table.toLowerCase();
  return isUsersTable
    ? [{ path: ["history", "table"], says: `is ${target.table}, the table of the users; it must be another one` }]
    : [];
}

function checkConnection(target: Config["target"]): Problem[] {
  if (target.client !== "mysql2") return [];
  return [...checkHost(target.connection.host), ...checkDatabaseTls(target.connection.tls)];
}

/** Never the host itself: it may hold a password. */
function checkHost(host: string): Problem[] {
  if (!host.includes("@") && !host.includes("://")) return [];
  const says = "must be a name or an address alone; user, password, port and database have keys of their own";
  return [{ path: ["target", "connection", "host"], says }];
}

function checkDatabaseTls(tls: MysqlConnection["tls"]): Problem[] {
  const { cert, key } = tls ?? {};
  const path = ["target", "connection", "tls"];
  if (cert !== undefined && key === undefined)
    return [{ path: [...path, "key"], says: "is missing; tls.cert needs its key" }];
  if (key !== undefined && cert === undefined)
    return [{ path: [...path, "cert"], says: "is missing; tls.key is the key of a certificate" }];
  return [];
}

function checkMatchKey({ target: { matchKey }, mapping }: Config): Problem[] {
  return matchKey.flatMap((column, at) => {
    const before = matchKey.slice(0, at).find((each) => each.toLowerCase() === column.toLowerCase());
    if (before === undefined) return checkKeyColumn(mapping, matchKey, at);
    return [{ path: ["target", "matchKey", at], says: `is "${column}", which the list names before` }];
  });
}

/**
 * An entry without any key can never be matched, so it is always a reject; and every entry needs a key of its own. The first
 * key is written into the rows that are adopted, so it is not one for new rows alone.
 */
function checkKeyColumn(mapping: Config["mapping"], keys: readonly string[], at: number): Problem[] {
  const column = keys[at] ?? "";
  const alone = keys.length === 1;
  const rule = Object.hasOwn(mapping, column) ? mapping[column] : undefined;
  if (rule === undefined) {
    const meant = nearest(column, Object.keys(mapping));
    const hint = meant === undefined ? "" : `; did you mean "${meant}"?`;
    const path = ["target", "matchKey", ...(alone ? [] : [at])];
    return [{ path, says: `is "${column}", a column that mapping does not name${hint}` }];
  }
  if (typeof rule === "string") return [];
  const wrong = (key: string, says: string): Problem[] => [
    { path: ["mapping", column, key], says: `${says}: this column is ${alone ? "the" : "a"} match key` },
  ];
  if (rule.value !== undefined) return wrong("value", "would give every entry the same value");
  return [
    ...(rule.reference === undefined ? [] : wrong("reference", "is known only when all rows are there")),
    ...(rule.on === "insert" && at === 0 ? wrong("on", "cannot be insert") : []),
    ...(rule.multi === "single" || rule.multi === "reject" ? [] : wrong("multi", 'must be "single" or "reject"')),
    ...(rule.default === undefined ? [] : wrong("default", "would give many entries the same value")),
    ...(alone && (rule.onEmpty === "null" || rule.onEmpty === "keep")
      ? wrong("onEmpty", `cannot be "${rule.onEmpty}"`)
      : []),
  ];
}
