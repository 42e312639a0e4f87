import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadConfig } from "../src/config/load.ts";
import { Failure } from "../src/errors.ts";

/** What is wrong is told in words that the one who wrote the configuration understands: the whole text is compared. */

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "config-"));
  await writeFile(join(folder, "empty"), "\n");
  await writeFile(join(folder, "ca.pem"), "PEM");
});
afterAll(() => rm(folder, { recursive: true }));

const good = {
  source: { url: "ldaps://ldap.example.com", baseDn: "ou=people,dc=example,dc=com" },
  target: {
    client: "mysql2",
    connection: { user: "idm", database: "idm" },
    table: "users",
    matchKey: "username",
  },
  mapping: { username: "uid", email: { attribute: "mail" } },
};

type Changes = Record<string, unknown>;

/** The good configuration with some values changed, each named by its path; undefined removes. */
function withChanges(changes: Changes): unknown {
  const config: unknown = structuredClone(good);
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split("/");
    const last = keys.pop() ?? "";
    const parent = keys.reduce((at, key) => (at as Record<string, unknown>)[key], config) as Record<string, unknown>;
    if (value === undefined) delete parent[last];
    else parent[last] = value;
  }
  return config;
}

/** The lines of the message, without the file's name. YAML, of which JSON is a part, gives no line numbers. */
async function problemsOf(config: unknown, text = JSON.stringify(config)): Promise<string[]> {
  const file = join(folder, "sync.yaml");
  await writeFile(file, text);
  try {
    await loadConfig({ cwd: folder, file, env: { EMPTY: "", SET: "hush" }, version: "0.1.0" });
    return [];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    expect(error.turn).toBe("configuration");
    return error.message.split("\n").map((line) => line.replace(`${file}: `, "").replaceAll(`${folder}/`, ""));
  }
}

const parsed = (json: string): unknown => JSON.parse(json);
const column = (rule: unknown): Changes => ({ "mapping/email": rule });
const transforms = 'the name of a transform, { "replace": ["REGEX", "WITH"] } or { "truncate": N }';
const hidden = "(its name is not shown: it may be the secret itself)";
const anonymous = "a server may take that for an anonymous bind and show fewer entries (RFC 4513 section 5.1.2)";

it("accepts the configuration that the tables below change", async () => {
  expect(await problemsOf(good)).toEqual([]);
});

it.each<[string, Changes, string[]]>([
  ["an unknown key", { "source/bindDN": "cn=x" }, ['source.bindDN is not known; did you mean "bindDn"?']],
  [
    "an unknown key that nothing resembles",
    { "target/connection": { user: "a", database: "b", zzzzzz: 1 } },
    ["target.connection.zzzzzz is not known; known here: host, port, socketPath, user, password, database, tls"],
  ],
  [
    "a misspelt key once, though it is missing too",
    { "target/table": undefined, "target/tabel": "users" },
    ['target.tabel is not known; did you mean "table"?'],
  ],
  ["a missing key", { "target/table": undefined }, ["target.table is missing; it must be a text in quotes"]],
  ["a missing section", { mapping: undefined }, ["mapping is missing; it must be an object"]],
  ["a missing union", { source: undefined }, ["source is missing; it must be an object, or a list of objects"]],
  ["a missing client", { "target/client": undefined }, ['target.client is missing; it must be "mysql2" or "sqlite"']],
  ["another client", { "target/client": "mysql" }, ['target.client is "mysql"; it must be "mysql2" or "sqlite"']],
  ["a text for a number", { "source/pageSize": "500" }, ['source.pageSize is "500"; it must be a number']],
  ["a broken number", { batchSize: 1.5 }, ["batchSize is 1.5; it must be a whole number"]],
  ["a number that is too small", { "source/pageSize": 0 }, ["source.pageSize is 0; it must be at least 1"]],
  [
    "a number that is too large",
    { "source/pageSize": 100001 },
    ["source.pageSize is 100001; it must be at most 100000"],
  ],
  [
    "a time that a timer cannot wait",
    { "source/timeoutMs": 2_147_483_648, "target/timeoutMs": 3e9 },
    [
      "source.timeoutMs is 2147483648; it must be at most 2147483647",
      "target.timeoutMs is 3000000000; it must be at most 2147483647",
    ],
  ],
  [
    "a share over 100",
    { limits: { deactivate: { maxPercent: 101 } } },
    ["limits.deactivate.maxPercent is 101; it must be at most 100"],
  ],
  ["a text for true or false", { "source/startTls": "yes" }, ['source.startTls is "yes"; it must be true or false']],
  ["null", { "source/filter": null }, ["source.filter is null; it must be a text in quotes"]],
  ["an empty text", { "target/table": "" }, ['target.table is ""; it must be a text that is not empty']],
  ["an empty list", { "source/url": [] }, ["source.url is a list; it must be a list of at least 1 element"]],
  [
    "a text for an object",
    { "target/connection": "mysql://idm:hush@db/idm" },
    ["target.connection is a text; it must be an object"],
  ],
  ["an unknown word", { "source/scope": "subtree" }, ['source.scope is "subtree"; it must be "base", "one" or "sub"']],
  [
    "a misspelt word",
    { "source/referrals": "ignored" },
    ['source.referrals is "ignored"; it must be "ignore" or "error" (did you mean "ignore"?)'],
  ],
  ["an empty column name", { "mapping/": "cn" }, ["mapping has an empty key"]],
  [
    "a column that is neither text nor object",
    column(5),
    ["mapping.email is a number; it must be the name of an attribute or an object"],
  ],
  ["a key of a rule", column({ attribut: "mail" }), ['mapping.email.attribut is not known; did you mean "attribute"?']],
  [
    "a column name that needs quotes",
    { "mapping/e mail": { attribute: "mail", as: "text" } },
    [
      'mapping["e mail"].as is "text"; it must be "string", "integer", "boolean", "datetime", "filetime", "guid", "uuid", "sid", "base64", "binary" or "rdn"',
    ],
  ],
  [
    "a misspelt transform",
    column({ attribute: "mail", transform: ["trim", "lowecase"] }),
    [
      'mapping.email.transform[1] is "lowecase"; it must be "trim", "lowercase", "uppercase", "titlecase", "nfc", "collapse-spaces" or "digits" (did you mean "lowercase"?)',
    ],
  ],
  [
    "an unknown transform",
    column({ attribute: "mail", transform: [{ cut: 3 }] }),
    [`mapping.email.transform[0] is an object; it must be ${transforms}`],
  ],
  [
    "a transform with a wrong argument",
    column({ attribute: "mail", transform: [{ replace: ["a"] }] }),
    ["mapping.email.transform[0].replace is a list; it must be a list of at least 2 elements"],
  ],
  [
    "one transform that is not in a list",
    column({ attribute: "mail", transform: "trim" }),
    ["mapping.email.transform is a text; it must be a list"],
  ],
  [
    "a wrong key in one of several sources",
    { source: [good.source, { ...good.source, scop: "sub" }] },
    ['source[1].scop is not known; did you mean "scope"?'],
  ],
  [
    "another kind of URL",
    { "source/url": "https://ldap.example.com" },
    ['source.url is "https://ldap.example.com"; it must be a URL that starts with ldap://, ldaps:// or file:'],
  ],
  [
    "a secret of another form",
    { "source/bindDn": "cn=x", "source/bindPassword": { evn: "hush" } },
    ['source.bindPassword must be { "env": "NAME" }, { "file": "PATH" } or the secret itself in quotes'],
  ],
  [
    "a secret that is a number",
    { "target/connection": { user: "a", database: "b", password: 1234 } },
    ['target.connection.password must be { "env": "NAME" }, { "file": "PATH" } or the secret itself in quotes'],
  ],
  [
    "a hook of another form",
    { hooks: { onFailure: { run: "x" } } },
    ['hooks.onFailure is an object; it must be { "url": "https://…" } or { "command": ["PROGRAM", "ARGUMENT"] }'],
  ],
  [
    "the address of a hook, which may be a secret",
    { hooks: { onChange: { url: "https://user:hush@example.com" }, onFailure: { url: "hush" } } },
    [
      "hooks.onChange.url must be a URL that starts with https:// or http://, without a password in it",
      "hooks.onFailure.url must be a URL that starts with https:// or http://, without a password in it",
    ],
  ],
  [
    "the address of a hook with a port that does not exist",
    { hooks: { onSuccess: { url: "http://127.0.0.1:99999/hush" } } },
    ["hooks.onSuccess.url must be a URL that starts with https:// or http://, with a host and a port that exist"],
  ],
  [
    "a header that HTTP cannot carry",
    { hooks: { onChange: { url: "https://a.example", headers: { authorization: "hush\nhush" } } } },
    ["hooks.onChange.headers.authorization holds a character that no HTTP header can have"],
  ],
  [
    "a history in two places",
    { history: { file: "a", table: "b" } },
    ['history is an object; it must be { "file": "PATH" } or { "table": "NAME" }'],
  ],
  [
    "a history in the table of the users",
    { history: { table: "Users" } },
    ["history.table is users, the table of the users; it must be another one"],
  ],
  [
    "values dropped that no map lists",
    column({ attribute: "memberOf", unlisted: "drop" }),
    ["mapping.email.unlisted is for a map only"],
  ],
  [
    "a default that stands for nobody, because unlisted values are dropped",
    column({ attribute: "memberOf", map: { a: "b" }, unlisted: "drop", default: "c", onEmpty: "null" }),
    ['mapping.email.default is never used, because onEmpty is "null"'],
  ],
  [
    "keys of a map in another case than the transforms leave, but for DNs",
    column({ attribute: "memberOf", map: { "CN=A,DC=x": "a", B: "b" }, transform: ["lowercase"] }),
    ['mapping.email.map.B can never be found: the transform "lowercase" comes before the map'],
  ],
  [
    "bytes that are joined",
    column({ attribute: "jpegPhoto", as: "binary", multi: "join" }),
    ['mapping.email.multi is "join", which makes a text; as "binary" gives bytes, take "base64"'],
  ],
  [
    "a reference that is also converted",
    column({ attribute: "manager", reference: "id", as: "rdn", transform: ["trim"], multi: "join", default: "x" }),
    ["default", "transform", "as", "multi"].map(
      (key) => `mapping.email.${key} does not go with reference: the value is the DN of another entry`,
    ),
  ],
  [
    "a reference that is mapped",
    column({ attribute: "manager", reference: "id", map: { a: "b" } }),
    ["mapping.email.map does not go with reference: the value is the DN of another entry"],
  ],
  [
    "a reference of a template",
    column({ template: "{manager}", reference: "id" }),
    ["mapping.email.reference does not go with template: the DN is that of an attribute"],
  ],
  [
    "a reference of a constant",
    column({ value: "x", reference: "id" }),
    ["mapping.email.reference has no effect beside value: a constant is written as it is"],
  ],
  [
    "a reference to itself",
    column({ attribute: "manager", reference: "Email" }),
    ["mapping.email.reference is this column itself; it must be the one that the other row is known by, such as id"],
  ],
  [
    "a reference that is required and kept",
    column({ attribute: "manager", reference: "id", required: true, onEmpty: "keep" }),
    ['mapping.email.onEmpty is "keep" while required is true, which rejects; take one of the two'],
  ],
  [
    "a match key that is a reference",
    { "mapping/username": { attribute: "manager", reference: "id" } },
    ["mapping.username.reference is known only when all rows are there: this column is the match key"],
  ],
  [
    "bytes in an array",
    column({ attribute: "jpegPhoto", as: "binary", multi: "json" }),
    ['mapping.email.multi is "json", which makes a text; as "binary" gives bytes, take "base64"'],
  ],
])("tells what is wrong with %s", async (_, changes, problems) => {
  expect(await problemsOf(withChanges(changes))).toEqual(problems);
});

it.each<[string, Changes, string[]]>([
  ["PostgreSQL", { "target/client": "pg" }, ['target.client "pg" is not available in this version (0.1.0)']],
])("says that %s belongs to another version", async (_, changes, problems) => {
  expect(await problemsOf(withChanges(changes))).toEqual(problems);
});

it.each<[string, Changes, string[]]>([
  [
    "a directory without a base",
    { "source/baseDn": undefined },
    [
      "source.baseDn is missing; ldap:// and ldaps:// need to know where to search, such as ou=people,dc=example,dc=com",
    ],
  ],
  [
    "several kinds of URL",
    { "source/url": ["ldap://a.example.com", "ldaps://b.example.com"] },
    ["source.url mixes ldap: and ldaps:; all of one source must be of one kind"],
  ],
  [
    "a server without TLS where that is required",
    { "source/url": "ldap://a.example.com", "source/requireTls": true },
    ["source.url is not encrypted, and requireTls is true; use ldaps:// or startTls"],
  ],
  [
    "servers with and without TLS where that is required",
    { "source/url": ["ldaps://a.example.com", "ldap://b.example.com"], "source/requireTls": true },
    [
      "source.url mixes ldaps: and ldap:; all of one source must be of one kind",
      "source.url[1] is not encrypted, and requireTls is true; use ldaps:// or startTls",
    ],
  ],
  [
    "one source of several without TLS where that is required",
    { source: [good.source, { ...good.source, url: "ldap://127.0.0.1", requireTls: true }] },
    ["source[1].url is not encrypted, and requireTls is true; use ldaps:// or startTls"],
  ],
  [
    "StartTLS, ldaps and a file where TLS is required",
    {
      source: [
        { ...good.source, url: "ldap://a.example.com", startTls: true, requireTls: true },
        { ...good.source, requireTls: true },
        { url: "file:a.ldif", requireTls: true },
      ],
    },
    [],
  ],
  [
    "several files",
    { "source/url": ["file:a.ldif", "file:b.ldif"] },
    ["source.url names several files; a file: stands alone (for several, make source a list)"],
  ],
  [
    "a file of another machine",
    { "source/url": "file://server/a.ldif" },
    ["source.url must be file:PATH.ldif or file:///PATH.ldif, a file of this machine"],
  ],
  [
    "a base DN in the URL",
    { "source/url": "ldap://a.example.com/dc=x" },
    ['source.url must end after the host or port; "dc=x" belongs into baseDn'],
  ],
  [
    "a scope in the URL",
    { "source/url": ["ldap://a.example.com", "ldap://b.example.com/??sub"] },
    ["source.url[1] must end after the host or port; scope and filter have keys of their own"],
  ],
  [
    "credentials in the URL",
    { "source/url": "ldap://cn=x:hush@a.example.com" },
    ["source.url must not hold credentials; they belong into bindDn and bindPassword"],
  ],
  [
    "a URL without host",
    { "source/url": "ldap:///" },
    ["source.url names no host; it must be ldap://HOST[:PORT] or ldaps://HOST[:PORT]"],
  ],
  [
    "a port that is none",
    { "source/url": "ldap://a.example.com:99999" },
    ["source.url must be ldap://HOST[:PORT] or ldaps://HOST[:PORT]; its host or port does not parse"],
  ],
  [
    "StartTLS over TLS",
    { "source/startTls": true },
    ["source.startTls is for ldap:// only; ldaps:// is encrypted from the start"],
  ],
  ["a DN without password", { "source/bindDn": "cn=x" }, [`source.bindDn is given without bindPassword; ${anonymous}`]],
  [
    "an empty password",
    { "source/bindDn": "cn=x", "source/bindPassword": "" },
    [`source.bindPassword is empty; ${anonymous}`],
  ],
  [
    "a password without DN",
    { "source/bindPassword": { env: "SET" } },
    ["source.bindPassword is given without bindDn: the bind would be anonymous"],
  ],
  [
    "a certificate without key",
    { "source/tls": { cert: "ca.pem" } },
    ["source.tls.key is missing; tls.cert needs its key"],
  ],
  [
    "a key without certificate",
    { "source/tls": { key: "ca.pem" } },
    ["source.tls.cert is missing; tls.key is the key of a certificate"],
  ],
  [
    "EXTERNAL without certificate",
    { "source/sasl": "external" },
    ['source.sasl is "external", which binds by the client certificate: tls.cert and tls.key are missing'],
  ],
  [
    "TLS settings without TLS",
    { "source/url": "ldap://a.example.com", "source/tls": { ca: "ca.pem" } },
    ["source.tls.ca has no effect, because the connection is not encrypted; use ldaps:// or startTls"],
  ],
  [
    "a database certificate without key",
    { "target/connection": { user: "a", database: "b", tls: { cert: "ca.pem" } } },
    ["target.connection.tls.key is missing; tls.cert needs its key"],
  ],
  [
    "credentials in the host of the database",
    { "target/connection": { user: "a", database: "b", host: "idm:hush@db" } },
    [
      "target.connection.host must be a name or an address alone; user, password, port and database have keys of their own",
    ],
  ],
  [
    "a URL in the place of the host",
    { "target/connection": { user: "a", database: "b", host: "mysql://db" } },
    [
      "target.connection.host must be a name or an address alone; user, password, port and database have keys of their own",
    ],
  ],
  [
    "an empty mapping",
    { mapping: {} },
    [
      "mapping is empty; it must name at least the match key's column",
      'target.matchKey is "username", a column that mapping does not name',
    ],
  ],
  [
    "match keys that are not mapped, or named twice",
    { "target/matchKey": ["username", "usernam", "Username"] },
    [
      'target.matchKey[1] is "usernam", a column that mapping does not name; did you mean "username"?',
      'target.matchKey[2] is "Username", which the list names before',
    ],
  ],
  [
    "a first match key for new rows alone, and a second one that is a constant",
    {
      "target/matchKey": ["username", "mail"],
      "mapping/username": { attribute: "uid", on: "insert", onEmpty: "null" },
      "mapping/mail": { value: "x" },
    },
    [
      "mapping.username.on cannot be insert: this column is a match key",
      "mapping.mail.value would give every entry the same value: this column is a match key",
    ],
  ],
  ["no match key", { "target/matchKey": [] }, ["target.matchKey is a list; it must be a list of at least 1 element"]],
  [
    "a match key that is not mapped",
    { "target/matchKey": "usernam" },
    ['target.matchKey is "usernam", a column that mapping does not name; did you mean "username"?'],
  ],
  [
    "a constant match key",
    { "mapping/username": { value: "x" } },
    ["mapping.username.value would give every entry the same value: this column is the match key"],
  ],
  [
    "a match key of inserts only",
    { "mapping/username": { attribute: "uid", on: "insert" } },
    ["mapping.username.on cannot be insert: this column is the match key"],
  ],
  [
    "a match key of several values",
    { "mapping/username": { attribute: "uid", multi: "json" } },
    ['mapping.username.multi must be "single" or "reject": this column is the match key'],
  ],
  [
    "a match key that may be empty",
    { "mapping/username": { attribute: "uid", onEmpty: "keep" } },
    ['mapping.username.onEmpty cannot be "keep": this column is the match key'],
  ],
  [
    "a match key with a default",
    { "mapping/username": { attribute: "uid", default: "x" } },
    ["mapping.username.default would give many entries the same value: this column is the match key"],
  ],
  [
    "a rule without origin",
    column({ required: true }),
    ["mapping.email says not where its value comes from; it must have attribute, template or value"],
  ],
  [
    "a rule with two origins",
    column({ attribute: "mail", value: "x" }),
    ["mapping.email has attribute and value; it must have exactly one of attribute, template and value"],
  ],
  [
    "a constant that is converted",
    column({ value: "x", transform: ["trim"], required: true }),
    [
      "mapping.email.required has no effect beside value: a constant is written as it is",
      "mapping.email.transform has no effect beside value: a constant is written as it is",
    ],
  ],
  [
    "a default that is missing",
    column({ attribute: "mail", onEmpty: "default" }),
    ['mapping.email.default is missing; onEmpty is "default"'],
  ],
  [
    "a default that is never used",
    column({ attribute: "mail", onEmpty: "keep", default: "x" }),
    ['mapping.email.default is never used, because onEmpty is "keep"'],
  ],
  [
    "required against onEmpty",
    column({ attribute: "mail", onEmpty: "keep", required: true }),
    ['mapping.email.onEmpty is "keep" while required is true, which rejects; take one of the two'],
  ],
  [
    "a separator for nothing",
    column({ attribute: "mail", separator: ";" }),
    ['mapping.email.separator is for multi "join" only; multi is "single"'],
  ],
  [
    "an empty map",
    column({ attribute: "mail", map: {} }),
    ["mapping.email.map is empty; it must list at least one value"],
  ],
  [
    "a map behind a change of case",
    column({ attribute: "mail", map: { F: "female", m: "male" }, transform: ["lowercase"] }),
    ['mapping.email.map.F can never be found: the transform "lowercase" comes before the map'],
  ],
  [
    "a broken pattern",
    column({ attribute: "mail", transform: ["trim", { replace: ["(a", ""] }] }),
    ['mapping.email.transform[1].replace[0] "(a" is not a regular expression: Unterminated group'],
  ],
  [
    "an open brace",
    column({ template: "{givenName sn" }),
    ['mapping.email.template "{givenName sn" has a brace without its counterpart; a brace itself is written {{ or }}'],
  ],
  [
    "a template without attribute",
    column({ template: "{{x}}" }),
    ['mapping.email.template "{{x}}" names no attribute in braces; a constant is written as value'],
  ],
  [
    "a placeholder that is no attribute",
    column({ template: "{given name}" }),
    ['mapping.email.template "given name" is not an attribute; its name is made of letters, digits and hyphens'],
  ],
  [
    "an attribute that is none",
    { "mapping/email": "e_mail" },
    ['mapping.email "e_mail" is not an attribute; its name is made of letters, digits and hyphens'],
  ],
  [
    "one attribute of several",
    column({ attribute: ["mail", ""] }),
    ['mapping.email.attribute[1] is ""; it must be a text that is not empty'],
  ],
  [
    "a template in the place of an attribute",
    { "mapping/email": "{uid}@example.com" },
    [
      'mapping.email "{uid}@example.com" is not an attribute; its name is made of letters, digits and hyphens; for a text with attributes in braces write { "template": … }',
    ],
  ],
  [
    "columns that differ in case only",
    { "mapping/Email": "mail" },
    ["mapping.Email is the same column as mapping.email: SQL compares column names without regard to case"],
  ],
  [
    "a state that is mapped",
    { state: { column: "EMAIL" } },
    ['state.column is "EMAIL", which mapping fills too; take one of the two'],
  ],
  [
    "a mark in the column of the state",
    { state: { column: "state", setBy: "STATE" } },
    ["state.setBy is the same as state.column; the mark needs a column of its own"],
  ],
  [
    "a mark that is mapped",
    { state: { column: "state", setBy: "email" } },
    ['state.setBy is "email", which mapping fills too; take one of the two'],
  ],
  [
    "leavers without a state",
    { state: undefined, leavers: { action: "deactivate", inactive: "create" } },
    [
      'leavers.action is "deactivate" and needs state, which names the column and its values',
      'leavers.inactive is "create" and needs state, which names the column and its values',
    ],
  ],
  [
    "a scope of nothing",
    { leavers: { scope: {} } },
    ["leavers.scope is empty; it must name a column and its value, or be left out"],
  ],
  [
    "leavers.set of columns that have a meaning of their own",
    { leavers: { set: { Username: "x", STATE: "gone" } }, state: { column: "state" } },
    [
      "leavers.set.Username is a match key; it cannot be set here",
      "leavers.set.STATE is state.column; it cannot be set here",
    ],
  ],
  [
    "related tables",
    {
      leavers: {
        related: [
          { table: "USERS", key: "id", delete: true },
          { table: "roles", key: "user_id" },
          { table: "cards", key: "user_id", set: { state: "off" }, delete: true },
        ],
      },
    },
    [
      "leavers.related[0].table is users, the table of the users; what they get stands in leavers.set",
      'leavers.related[1] must have "set" or "delete": true',
      'leavers.related[2] has "set" and "delete"; it must have one of them',
    ],
  ],
  [
    "a grace period of nothing",
    { leavers: { grace: {} } },
    ['leavers.grace is empty; it must have "runs" with "runsColumn", or "days" with "sinceColumn"'],
  ],
  [
    "a grace period that is kept nowhere, or in a column that has another use",
    { leavers: { grace: { runs: 3, days: 14, sinceColumn: "email" } } },
    [
      "leavers.grace.runsColumn is missing; it names the column in which grace.runs is kept",
      'leavers.grace.sinceColumn is "email", which the sync fills with something else; it needs a column of its own',
    ],
  ],
  [
    "a grace period that is kept in the column of the mark",
    {
      state: { column: "state", setBy: "blocked_by" },
      leavers: { grace: { days: 14, sinceColumn: "Blocked_By" } },
    },
    [
      'leavers.grace.sinceColumn is "Blocked_By", which the sync fills with something else; it needs a column of its own',
    ],
  ],
  [
    "a column of a grace period without its measure",
    { leavers: { grace: { days: 1, sinceColumn: "since", runsColumn: "runs" } } },
    ["leavers.grace.runs is missing; runsColumn is there for it"],
  ],
  ["equal states", { state: { column: "state", inactive: "Active" } }, ["state.inactive is the same as state.active"]],
  [
    "an empty protection",
    { protect: [{ username: "a" }, {}] },
    ["protect[1] is empty and would protect every row; it must name a column and its value"],
  ],
  [
    "a variable that is not set",
    { "source/bindDn": "cn=x", "source/bindPassword": { env: "NOT_SET" } },
    ["source.bindPassword reads the environment variable NOT_SET, which is not set"],
  ],
  [
    "a variable that is empty",
    { "target/connection": { user: "a", database: "b", password: { env: "EMPTY" } } },
    ["target.connection.password reads the environment variable EMPTY, which is empty"],
  ],
  [
    "a variable that is not set and may be the password",
    { "source/bindDn": "cn=x", "source/bindPassword": { env: "hunter2" } },
    [`source.bindPassword reads an environment variable that is not set ${hidden}`],
  ],
  [
    "a variable that every object inherits",
    { "source/bindDn": "cn=x", "source/bindPassword": { env: "constructor" } },
    [`source.bindPassword reads an environment variable that is not set ${hidden}`],
  ],
  [
    "a variable's name that is none",
    { "source/bindDn": "cn=x", "source/bindPassword": { env: "Hush-4711" } },
    ["source.bindPassword.env is not the name of an environment variable (letters, digits and _)"],
  ],
  [
    "a secret's file that is missing",
    { "source/bindDn": "cn=x", "source/bindPassword": { file: "secrets/ldap" } },
    ["source.bindPassword reads the file secrets/ldap, which does not exist"],
  ],
  [
    "a secret's file with an ending that is missing",
    { "source/bindDn": "cn=x", "source/bindPassword": { file: "ldap password.txt" } },
    ["source.bindPassword reads the file ldap password.txt, which does not exist"],
  ],
  [
    "a secret's file that may be the password",
    { "source/bindDn": "cn=x", "source/bindPassword": { file: "Hush-4711" } },
    [`source.bindPassword reads a file that does not exist ${hidden}`],
  ],
  [
    "a secret's file that is named as no path is",
    { "source/bindDn": "cn=x", "source/bindPassword": { file: "hush/$4711=" } },
    [`source.bindPassword reads a file that does not exist ${hidden}`],
  ],
  [
    "a secret's file that is empty",
    { "source/bindDn": "cn=x", "source/bindPassword": { file: "empty" } },
    ["source.bindPassword reads the file empty, which is empty"],
  ],
  [
    "a PEM file that is missing",
    { "source/tls": { ca: "none.pem" } },
    ["source.tls.ca names the file none.pem, which does not exist"],
  ],
])("refuses %s", async (_, changes, problems) => {
  expect(await problemsOf(withChanges(changes))).toEqual(problems);
});

const presets = '"auto", "active-directory", "openldap", "389ds", "freeipa" or "shadow"';
const activeForms =
  'a filter, the name of a preset, { "preset": "NAME" }, { "and": […] }, { "or": […] } or { "not": … }';

it.each<[string, unknown, string]>([
  [
    "a preset that is misspelt",
    "active-dirctory",
    `source.active is "active-dirctory"; it must be a filter in parentheses, or ${presets} (did you mean "active-directory"?)`,
  ],
  [
    "a filter without parentheses",
    "employeeType=active",
    `source.active is "employeeType=active"; it must be a filter in parentheses, or ${presets}`,
  ],
  [
    "a part of a rule that is no filter",
    { and: ["auto", { not: { or: ["shadow", "guest"] } }] },
    `source.active.and[1].not.or[1] is "guest"; it must be a filter in parentheses, or ${presets}`,
  ],
  ["a number", 7, `source.active is a number; it must be ${activeForms}`],
  ["an empty list", { and: [] }, "source.active.and is a list; it must be a list of at least 1 element"],
  ["a list without and", ["auto"], `source.active is a list; it must be ${activeForms}`],
  ["something in a list", { or: ["auto", 7] }, `source.active.or[1] is a number; it must be ${activeForms}`],
  [
    "another preset",
    { preset: "ad" },
    'source.active.preset is "ad"; it must be "active-directory", "openldap", "389ds", "freeipa" or "shadow"',
  ],
  [
    "a setting that is misspelt",
    { not: { preset: "active-directory", lockot: true } },
    'source.active.not.lockot is not known; did you mean "lockout"?',
  ],
  [
    "a setting with another value",
    { preset: "shadow", zero: 0 },
    'source.active.zero is 0; it must be "never" or "expired"',
  ],
  ["two forms at once", { and: ["auto"], or: ["auto"] }, `source.active is an object; it must be ${activeForms}`],
])("tells what is wrong with a rule that has %s", async (_, active, problem) => {
  expect(await problemsOf(withChanges({ "source/active": active }))).toEqual([problem]);
});

it("refuses to ask a file for its vendor, however deep", async () => {
  const source = { url: "file:people.ldif", active: { and: ["(a=b)", { not: "auto" }] } };
  expect(await problemsOf(withChanges({ source }))).toEqual([
    'source.active.and[1].not is "auto", which asks a server for its vendor, and a file has none; it must be "active-directory", "openldap", "389ds", "freeipa" or "shadow", or a filter',
  ]);
});

it.each(["filter", "active"])("tells where %s does not parse", async (key) => {
  const [line, ...others] = await problemsOf(withChanges({ [`source/${key}`]: "(uid=a" }));
  expect(others).toEqual([]);
  expect(line).toContain(`source.${key} is not a filter: `);
  expect(line).toContain('"(uid=a"');
});

it.each<[string, Changes]>([
  ["attribute options and OIDs", { "mapping/email": { attribute: ["mail;lang-en", "0.9.2342.19200300.100.1.3"] } }],
  ["a match key in a list of one", { "target/matchKey": ["username"] }],
  ["literal braces in a template", column({ template: "{{{uid}}}" })],
  [
    "a map with a default beside required",
    column({ attribute: "mail", map: { a: "b" }, default: "c", required: true }),
  ],
  ["a file without base", { source: { url: "file:people.ldif" } }],
  ["a host that is an IPv6 address", { "source/url": "ldaps://[::1]:636/" }],
  ["any column name", { "mapping/Ünï-cödé col.1": "cn" }],
])("accepts %s", async (_, changes) => {
  expect(await problemsOf(withChanges(changes))).toEqual([]);
});

it.each<[string, Changes, string]>([
  ["a column", { mapping: parsed('{ "username": "uid", "__proto__": "cn" }') }, "mapping.__proto__"],
  [
    "a value of a map",
    column({ attribute: "mail", map: parsed('{ "__proto__": "x" }') }),
    "mapping.email.map.__proto__",
  ],
  ["a protected column", { protect: [{ username: "a" }, parsed('{ "__proto__": "x" }')] }, "protect[1].__proto__"],
])("refuses %s named __proto__, which would be left out in silence", async (_, changes, place) => {
  expect(await problemsOf(withChanges(changes))).toEqual([`${place} is a name that cannot be used here`]);
});

it("tells ten problems and counts the others", async () => {
  const unknown = Object.fromEntries(Array.from({ length: 13 }, (_, index) => [`mapping/c${index}`, `no_${index}`]));
  const problems = await problemsOf(withChanges(unknown));
  expect(problems).toHaveLength(11);
  expect(problems[10]).toBe("and 3 more");
});

/** Everything of an error that can come to light: its properties, its stack, and those of what caused it. */
function whole(error: unknown): string {
  if (!(error instanceof Error)) return "";
  return [inspect(error, { depth: 9, showHidden: true }), error.stack, whole(error.cause)].join("\n");
}

const marked = "Hush-4711";

it.each<[string, unknown, string?]>([
  ["secrets of another form", withChanges({ "source/bindPassword": { env: "X", fil: marked } })],
  ["a secret that is a list", withChanges({ "source/bindPassword": [marked] })],
  ["a secret in the place of a variable", withChanges({ "source/bindPassword": { env: marked } })],
  ["a secret in the place of a file", withChanges({ "source/bindPassword": { file: marked } })],
  ["a connection string", withChanges({ "target/connection": `mysql://idm:${marked}@db/idm` })],
  ["a host with a password", withChanges({ "target/connection": { user: "a", database: "b", host: `${marked}@db` } })],
  ["a URL of another kind", withChanges({ "source/url": `http://x:${marked}@a/b@example.com` })],
  ["a URL with credentials", withChanges({ "source/url": `ldap://x:${marked}@a.example.com/dc=x` })],
  ["a misspelt key", withChanges({ "source/bindPasword": marked })],
  ["an unquoted asterisk", `source:\n  bindPassword: *${marked}\n`],
  ["an unquoted exclamation mark", `source:\n  bindPassword: !${marked}\n`],
  ["two exclamation marks", `source:\n  bindPassword: !!${marked}\n`],
  ["an exclamation mark in an unquoted tag", `source:\n  bindPassword: !${marked}!x\n`],
  ["an unquoted tag", `source:\n  bindPassword: !<!${marked}> x\n`],
  ["an unquoted at sign", `source:\n  bindPassword: @${marked}\n`],
  ["an unquoted percent sign", `%TAG !${marked}! x y\n---\na: 1\n`],
  ["wrong indentation", `target:\n  connection:\n    password: ${marked}\n   user: idm\n`],
  ["a repeated YAML key", `password: ${marked}\npassword: ${marked}\n`],
  ["an open YAML text", `password: "${marked}\n`],
  ["a second YAML document", `password: ${marked}\n---\npassword: ${marked}\n`],
  ["a missing comma", `{ "password": "${marked}" "user": "idm" }`, ".json"],
  ["single quotes", `{ 'password': '${marked}' }`, ".json"],
  ["a text without quotes", `{ "password": ${marked} }`, ".json"],
  ["an open text", `{ "password": "${marked} }`, ".json"],
  ["a repeated key", `{ "password": "${marked}", "password": "${marked}" }`, ".json"],
  ["another encoding", Buffer.from(`password: \xe4${marked}`, "latin1")],
  ["a broken package.json", `{ "sync": { "password": "${marked}" "user": "idm" } }`, "package.json"],
])("shows no secret on %s, not even to --verbose", async (_, content, ending = ".yaml") => {
  const file = join(folder, ending === "package.json" ? ending : `marked${ending}`);
  const isText = typeof content === "string" || Buffer.isBuffer(content);
  await writeFile(file, isText ? content : JSON.stringify(content));
  const error = await loadConfig({ cwd: folder, file, env: {}, version: "0.1.0" }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Failure);
  expect(whole(error)).toContain("Failure: ");
  expect(whole(error)).not.toContain(marked);
});
