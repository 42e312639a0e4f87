import { z } from "zod";
import { leaversSchema, stateSchema } from "./leavers-schema.ts";
import { sourceSchema } from "./source-schema.ts";
import { columnValues, milliseconds, oneOrMore, scalar, scalarOrNull, secret, text } from "./values-schema.ts";

/**
 * The configuration as it is written, with its defaults. The one place that knows the keys: validation, the shipped
 * JSON Schema and the types of everything that reads the configuration come from here.
 *
 * Every union and every pattern carries words of its own, which complete the sentence "it must be …" (see explain.ts).
 */

const count = z.int().min(0);
const transform = z.union(
  [
    z.enum(["trim", "lowercase", "uppercase", "titlecase", "nfc", "collapse-spaces", "digits"]),
    z.strictObject({
      replace: z
        .tuple([z.string(), z.string()])
        .describe("[regular expression, replacement]; every match is replaced, $1 is the first group."),
    }),
    z.strictObject({ truncate: z.int().min(1).describe("Keep this many characters.") }),
  ],
  'the name of a transform, { "replace": ["REGEX", "WITH"] } or { "truncate": N }',
);

const columnRuleSchema = z
  .strictObject({
    attribute: oneOrMore(text).optional().describe("Attribute to read; of several, the first that has a value."),
    template: text
      .optional()
      .describe('Text with attributes in braces: "{givenName} {sn}". {{ and }} stand for the braces themselves.'),
    value: scalarOrNull.optional().describe("A constant."),
    as: z
      .enum(["string", "integer", "boolean", "datetime", "filetime", "guid", "uuid", "sid", "base64", "binary", "rdn"])
      .default("string")
      .describe(
        "What the value is read as. guid, sid and filetime: the ids and times of Active Directory; binary: bytes, for a binary column; rdn: the value of a DN's first RDN.",
      ),
    transform: z.array(transform).default([]).describe("Conversions of each value, in order."),
    map: z
      .record(z.string(), scalar)
      .optional()
      .describe(
        "Replaces a value by another; one that is not listed becomes the default, or is a reject, unless `unlisted` says otherwise. A key that is a DN is found in any spelling.",
      ),
    unlisted: z
      .enum(["drop"])
      .optional()
      .describe("drop: a value that the map does not list does not count, as if the entry did not have it."),
    default: scalar.optional().describe("Written where the source has no value."),
    required: z.boolean().default(false).describe("An entry without a value is rejected."),
    onEmpty: z
      .enum(["null", "keep", "default", "reject"])
      .optional()
      .describe(
        "Where the source has no value: NULL, leave the column as it is, the default, or reject the entry. NULL unless told.",
      ),
    multi: z
      .enum(["single", "join", "json", "count", "reject"])
      .default("single")
      .describe("What several values become: one of them, a joined text, a JSON array, their number, or a reject."),
    separator: z.string().optional().describe('Between the values of multi "join"; ", " unless told.'),
    reference: text
      .optional()
      .describe(
        "The attribute holds the DN of another entry: what is written is this column (often id) of the row of that entry; NULL where it is not synchronised.",
      ),
    on: z.enum(["insert"]).optional().describe("insert: written with a new row, never changed afterwards."),
  })
  .meta({ id: "column" });

const percent = z.number().min(0).max(100);
const limit = z.strictObject({ max: count.optional(), maxPercent: percent.optional() });

const mysqlConnection = z.strictObject({
  host: text.default("127.0.0.1").describe("Name or address of the database server."),
  port: z.int().min(1).max(65_535).default(3306),
  socketPath: text.optional().describe("Unix socket; host and port are then not used."),
  user: text,
  password: secret.optional(),
  database: text,
  tls: z
    .strictObject({
      ca: text.optional().describe("PEM file with the certificate authority to trust instead of the system's."),
      cert: text.optional().describe("PEM file with the client certificate."),
      key: text.optional().describe("PEM file with the key of the client certificate."),
      servername: text.optional().describe("Name to verify the certificate against; host unless told."),
      rejectUnauthorized: z
        .boolean()
        .default(true)
        .describe("false accepts any certificate. Never do this outside a test."),
    })
    .optional()
    .describe("Encrypt the connection; {} trusts the system's authorities."),
});

const sqliteConnection = z.strictObject({ filename: text.describe("The database file. It must exist.") });

const matchKey = z
  .union(
    [text, z.array(text).min(1).meta({ uniqueItems: true })],
    "the name of a mapped column, or a list of such names",
  )
  .transform((columns): readonly string[] => [columns].flat());

const targetCommon = {
  table: text.describe("The table of the users."),
  matchKey: matchKey.describe(
    "The mapped column by which an entry finds its row again. It needs a unique index of its own. Of several, each is tried where those before it find no row, and only takes rows in which those before it are NULL.",
  ),
  timeoutMs: milliseconds.default(120_000).describe("How long one statement may take, in milliseconds."),
};

const targetSchema = z.discriminatedUnion(
  "client",
  [
    z.strictObject({ client: z.literal("mysql2"), connection: mysqlConnection, ...targetCommon }),
    z.strictObject({ client: z.literal("sqlite"), connection: sqliteConnection, ...targetCommon }),
  ],
  '"mysql2" or "sqlite"',
);

const hook = z.union(
  [
    z.strictObject({
      url: z
        .string()
        .regex(
          /^https?:\/\/[^\s@/?#]+([/?#]\S*)?$/i,
          "a URL that starts with https:// or http://, without a password in it",
        )
        .refine(
          (url) => !/^https?:\/\//i.test(url) || URL.canParse(url),
          "a URL that starts with https:// or http://, with a host and a port that exist",
        )
        .describe("Where the JSON document of the run is sent to (POST)."),
      headers: z
        .record(z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/, "the name of an HTTP header"), secret)
        .default({})
        .describe("Sent with it. The values are secrets."),
      timeoutMs: milliseconds.default(10_000).describe("How long one try may take, in milliseconds."),
      retries: z.int().min(0).max(10).default(2).describe("How often to try again where it did not get through."),
    }),
    z.strictObject({
      command: z
        .array(text)
        .min(1)
        .describe(
          "Program and arguments, started without a shell in the folder of this file; the document is its input.",
        ),
      timeoutMs: milliseconds.default(30_000).describe("How long it may take, in milliseconds; then it is ended."),
    }),
  ],
  '{ "url": "https://…" } or { "command": ["PROGRAM", "ARGUMENT"] }',
);

const historyPlace = z.union(
  [
    z.strictObject({ file: text.describe("JSON lines, a file of their own.") }),
    z.strictObject({
      table: z
        .string()
        .regex(/^.{1,64}$/, "the name of a table")
        .describe("A table of the target database, created where it does not exist. Dry runs stay in the usual file."),
    }),
  ],
  '{ "file": "PATH" } or { "table": "NAME" }',
);

export const configSchema = z.strictObject({
  $schema: z.string().optional().describe("Lets an editor complete and check this file."),
  name: text.default("default").describe("Names the sync in what it prints, its history and its metrics."),
  source: z
    .union([sourceSchema, z.array(sourceSchema).min(1)], "an object, or a list of objects")
    .describe("Where the people are read. Of several, each has its own server, credentials, base and filter."),
  target: targetSchema.describe("Where the users are written."),
  mapping: z
    .record(text, z.union([text, columnRuleSchema], "the name of an attribute or an object"))
    .describe("Column: the attribute it is filled from, or a rule. Columns that are not named are never touched."),
  state: stateSchema,
  leavers: leaversSchema,
  protect: z.array(columnValues).default([]).describe("Rows that are never written, each as column: value."),
  limits: z
    .strictObject({
      deactivate: z.strictObject({ max: count.default(500), maxPercent: percent.default(10) }).prefault({}),
      update: limit.prefault({}),
      insert: limit.prefault({}),
      reject: z.strictObject({ max: count.default(100) }).prefault({}),
    })
    .prefault({})
    .describe("A run that would pass one of these stops with exit code 4."),
  batchSize: z
    .int()
    .min(1)
    .max(10_000)
    .default(500)
    .describe("Rows looked up and written together, in one transaction."),
  retry: z
    .strictObject({
      attempts: count.default(5).describe("How often a batch is tried again after a deadlock or a lost connection."),
    })
    .prefault({}),
  history: historyPlace
    .optional()
    .describe(
      "Where runs are remembered: $XDG_STATE_HOME/idm-ldap-sync/history.jsonl (below ~/.local/state) unless told.",
    ),
  metrics: z
    .strictObject({ file: text.describe("Its name should end in .prom. Each sync needs a file of its own.") })
    .optional()
    .describe("A text file for Prometheus (node_exporter's textfile collector), written at the end of each sync."),
  schedule: z
    .strictObject({
      expression: text.describe("Cron expression."),
      dialect: z.enum(["unix", "quartz", "spring"]).optional(),
      timezone: text.optional().describe("IANA name, such as Europe/Stockholm."),
    })
    .optional()
    .describe("When the sync is meant to run. Data for whoever schedules it: the program does not start by itself."),
  hooks: z
    .strictObject({
      onChange: hook.optional().describe("After a sync that changed rows, however it ended."),
      onSuccess: hook.optional().describe("After a sync that did all there was to do, without a reject."),
      onFailure: hook.optional().describe("After a sync that failed, was refused, or had rejects."),
    })
    .optional()
    .describe("Who is told of a sync that has ended. A hook that fails is warned of, no more."),
});

/** The configuration as validated, defaults filled in, secrets not yet resolved. */
export type Config = z.output<typeof configSchema>;
export type SourceConfig = z.output<typeof sourceSchema>;
export type ColumnRule = z.output<typeof columnRuleSchema>;
export type Transform = z.output<typeof transform>;
export type Secret = z.output<typeof secret>;
export type Scalar = z.output<typeof scalar>;
export type Limit = z.output<typeof limit>;
