import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, expect, it } from "vitest";
import { configJsonSchema, configJsonSchemaText } from "../src/config/json-schema.ts";
import { type LoadedConfig, loadConfig } from "../src/config/load.ts";
import { readText } from "../src/config/text-file.ts";
import { Failure } from "../src/errors.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "config-"));
});
afterEach(() => rm(folder, { recursive: true }));

const minimal = `{
  "source": { "url": "file:people.ldif" },
  "target": { "client": "sqlite", "connection": { "filename": "idm.sqlite" }, "table": "users", "matchKey": "username" },
  "mapping": { "username": "uid" }
}`;
const minimalYaml = `
source: { url: "file:people.ldif" }
target:
  client: sqlite
  connection: { filename: idm.sqlite }
  table: users
  matchKey: username
mapping:
  username: uid # the login name
`;

const example = resolve(".syncrc.example.json");

const load = (file?: string, env: Record<string, string> = {}): Promise<LoadedConfig> =>
  loadConfig({ cwd: folder, file, env, version: "0.1.0" });

const write = (name: string, text: string | Buffer): Promise<void> => writeFile(join(folder, name), text);

/** Message and hint of the failure, without the name of the folder. */
async function failureOf(
  promise: Promise<unknown>,
): Promise<{ turn: string; message: string; hint: string | undefined }> {
  const error = await promise.then(
    () => expect.fail("no failure"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Failure)) throw error;
  return {
    turn: error.turn,
    message: error.message.replaceAll(`${folder}/`, "").replaceAll(folder, "."),
    hint: error.hint,
  };
}

const messageOf = async (promise: Promise<unknown>): Promise<string> => (await failureOf(promise)).message;

it("fills in defaults, makes paths absolute and lists of what may be one or several", async () => {
  await write(".syncrc.json", minimal);
  expect(await load()).toEqual({
    file: join(folder, ".syncrc.json"),
    hash: expect.stringMatching(/^[\da-f]{64}$/),
    warnings: [],
    secrets: [],
    variables: [],
    config: {
      name: "default",
      sources: [
        {
          url: [`file:${join(folder, "people.ldif")}`],
          baseDn: [],
          startTls: false,
          tls: { rejectUnauthorized: true },
          sasl: "none",
          bindPassword: undefined,
          scope: "sub",
          filter: "(objectClass=*)",
          pageSize: 500,
          timeoutMs: 30_000,
          referrals: "ignore",
          mustContain: [],
        },
      ],
      target: {
        client: "sqlite",
        connection: { filename: join(folder, "idm.sqlite") },
        table: "users",
        matchKey: ["username"],
        timeoutMs: 120_000,
      },
      mapping: { username: "uid" },
      leavers: { action: "ignore", inactive: "ignore", related: [] },
      protect: [],
      limits: { deactivate: { max: 500, maxPercent: 10 }, update: {}, insert: {}, reject: { max: 100 } },
      hooks: {},
      batchSize: 500,
      retry: { attempts: 5 },
    },
  });
});

it("resolves secrets and relative paths from the folder of the file, not from the working directory", async () => {
  await mkdir(join(folder, "etc"));
  await write("etc/ca.pem", "PEM");
  await write("etc/client.pem", "PEM");
  await write("etc/password", "ldap secret \r\n");
  const source = {
    url: "ldaps://ldap.example.com",
    baseDn: "dc=example,dc=com",
    tls: { ca: "ca.pem", cert: "client.pem", key: "client.pem" },
  };
  const bound = {
    ...source,
    url: "ldap://ldap.example.com",
    startTls: true,
    bindDn: "cn=x",
    bindPassword: { file: "password" },
  };
  const target = {
    client: "mysql2",
    connection: { user: "idm", database: "idm", password: { env: "DB" }, tls: { ca: "ca.pem" } },
    table: "users",
    matchKey: ["username"],
  };
  await write("etc/sync.yml", JSON.stringify({ source: [source, bound], target, mapping: { username: "uid" } }));
  const { config, secrets } = await load("etc/sync.yml", { DB: "db secret" });
  const tls = {
    ca: join(folder, "etc/ca.pem"),
    cert: join(folder, "etc/client.pem"),
    key: join(folder, "etc/client.pem"),
    rejectUnauthorized: true,
  };
  expect(config.sources.map(({ sasl, bindPassword, tls }) => ({ sasl, bindPassword, tls }))).toEqual([
    { sasl: "external", bindPassword: undefined, tls },
    { sasl: "none", bindPassword: "ldap secret ", tls },
  ]);
  expect(config.target).toEqual({
    client: "mysql2",
    connection: {
      host: "127.0.0.1",
      port: 3306,
      user: "idm",
      database: "idm",
      password: "db secret",
      tls: { ca: join(folder, "etc/ca.pem"), rejectUnauthorized: true },
    },
    table: "users",
    matchKey: ["username"],
    timeoutMs: 120_000,
  });
  expect(secrets).toEqual(["ldap secret ", "db secret"]);
});

it.each([
  ["file:data/people.ldif", "data/people.ldif"],
  ["file:/data/my people%20.ldif", "/data/my people%20.ldif"],
  ["file:///data/my%20people.ldif", "/data/my people.ldif"],
])("reads %s as a path", async (url, path) => {
  await write(".syncrc", minimal.replace("file:people.ldif", url));
  const { config } = await load();
  expect(config.sources[0]?.url).toEqual([`file:${path.startsWith("/") ? path : join(folder, path)}`]);
});

it.each([
  [".syncrc", minimal],
  [".syncrc", minimalYaml],
  [".syncrc", `// comment\n${minimal}`],
  [".syncrc.json", `\uFEFF${minimal}`],
  [".syncrc.yaml", minimalYaml],
  [".syncrc.yml", minimalYaml],
  ["sync.config.json", minimal],
  ["package.json", `{ "name": "x", "sync": ${minimal} }`],
])("finds %s", async (name, text) => {
  await write(name, text);
  const { file, config } = await load();
  expect({ file, mapping: config.mapping }).toEqual({ file: join(folder, name), mapping: { username: "uid" } });
});

it.each(["staff.json", "staff.jsonc", "staff.conf", "staff"])(
  "reads a file named as %s, though another would be found",
  async (name) => {
    await write(".syncrc", "{ broken");
    await write(name, minimal);
    expect((await load(name)).file).toBe(join(folder, name));
  },
);

it("takes the first of several and says which ones it does not read", async () => {
  await write(".syncrc.json", minimal);
  await write(".syncrc.yaml", "broken: [");
  await write("package.json", `{ "sync": 5 }`);
  const { file, warnings } = await load();
  expect({ file, warnings }).toEqual({
    file: join(folder, ".syncrc.json"),
    warnings: [`${join(folder, ".syncrc.yaml")} is not read, because ${join(folder, ".syncrc.json")} is there too`],
  });
});

it("says where it looked in vain, and how to begin", async () => {
  await write("package.json", `{ "name": "x" }`);
  expect(await failureOf(load())).toEqual({
    turn: "configuration",
    message:
      'no configuration in .: looked for .syncrc, .syncrc.json, .syncrc.yaml, .syncrc.yml, sync.config.json and the key "sync" of package.json',
    hint: `begin with the example: cp "${example}" .syncrc.json; or name a file with --config FILE`,
  });
});

it.each([
  ["is empty", "", `begin with the example: ${example}`],
  ["is wrong", "{}", `every key is explained in ${example}`],
])("names the example where the file %s", async (_, text, hint) => {
  await write(".syncrc.json", text);
  expect((await failureOf(load())).hint).toBe(hint);
});

it("shows nothing of a broken package.json that the search stumbles over", async () => {
  await write("package.json", '{ "sync": { "password": "Hush-4711" "user": "idm" } }');
  const error = await load().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    turn: "configuration",
    message: expect.stringMatching(/package\.json:1:\d+: a comma is expected before this$/),
  });
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("Hush-4711");
});

it.each([".syncrc.js", ".syncrc.cjs", ".syncrc.mjs", ".syncrc.ts", "sync.config.js", "sync.config.mts"])(
  "refuses to execute %s",
  async (name) => {
    await write(name, "throw new Error('executed')");
    const refusal = {
      turn: "configuration",
      message: `${name} would be executed; a configuration is data only`,
      hint: "write it as JSON or YAML, and name it .syncrc.json or .syncrc.yaml",
    };
    expect(await failureOf(load())).toEqual(refusal);
    expect(await failureOf(load(name))).toEqual(refusal);
  },
);

it("does not follow $import", async () => {
  await write("other.json", minimal);
  await write(".syncrc.json", '{ "$import": "other.json" }');
  expect(await messageOf(load())).toContain(".syncrc.json:1:3: $import is not known");
});

it.each<[string, () => Promise<unknown>, string]>([
  ["a folder", () => mkdir(join(folder, ".syncrc.json")), ".syncrc.json is a folder, not a file"],
  [
    "a link to nowhere",
    () => symlink("none", join(folder, ".syncrc.json")),
    ".syncrc.json is a symbolic link to something that does not exist",
  ],
  ["an empty file", () => write(".syncrc.json", " \n"), ".syncrc.json is empty"],
  ["comments only", () => write(".syncrc.json", "// later\n/* much later */\n"), ".syncrc.json holds comments only"],
  ["YAML comments only", () => write(".syncrc.yaml", "# later\n"), ".syncrc.yaml holds comments only"],
  [
    "another encoding",
    () => write(".syncrc.json", Buffer.from(`\uFEFF${minimal}`, "utf16le")),
    ".syncrc.json is not UTF-8 text; save it as UTF-8",
  ],
  ["a list", () => write(".syncrc.json", "[]"), ".syncrc.json:1:1: the configuration is a list; it must be an object"],
  [
    "a number in package.json",
    () => write("package.json", '{ "sync": 5 }'),
    "package.json:1:3: the configuration is a number; it must be an object",
  ],
])("says that it found %s", async (_, arrange, message) => {
  await arrange();
  // A file further down the list does not hide it.
  await write("sync.config.json", minimal);
  if (message.startsWith("package.json")) await rm(join(folder, "sync.config.json"));
  expect(await messageOf(load())).toBe(message);
});

it.each([
  ["none.json", "none.json does not exist"],
  ["file/none.json", "file/none.json does not exist: a part of its path is not a folder"],
  [".", ". is a folder, not a file"],
  ["package.json", 'package.json has no key "sync"'],
])("says why %s cannot be read", async (name, message) => {
  await write("file", "");
  await write("package.json", "{}");
  expect(await messageOf(load(name))).toBe(message);
});

it("says that permission is missing", async () => {
  const denied = Object.assign(new Error("EACCES"), { code: "EACCES" });
  expect(await messageOf(readText(".syncrc.json", () => Promise.reject(denied)))).toBe(
    ".syncrc.json may not be read by this user (permission denied)",
  );
});

it("allows comments and trailing commas", async () => {
  await write(".syncrc.json", `/* who */\n${minimal.replace('"uid" }', '"uid", // the login name\n }')}`);
  expect((await load()).config.mapping).toEqual({ username: "uid" });
});

it.each([
  ["a missing comma", '{\n  "name": "a"\n  "source": 1\n}', "3:3: a comma is expected before this"],
  ["a missing colon", '{\n  "name" "a"\n}', "2:10: a colon is expected before this"],
  ["a missing value", '{\n  "name": \n}', "3:1: a value is expected here"],
  ["single quotes", "{\n  'name': 1\n}", "2:3: texts and keys stand in double quotes, not in single ones"],
  [
    "a bare key",
    "{\n  name: 1\n}",
    "2:3: this is neither a number, true, false nor null; texts and keys stand in double quotes",
  ],
  [
    "an end that is too early",
    '{\n  "name": "a",\n',
    "3:1: the file ends too early: a value or a closing bracket is missing",
  ],
  ["an open text", '{\n  "name": "a\n}', "2:11: this text is not closed by a double quote on the same line"],
  ["a lone backslash", '{\n  "name": "a\\d"\n}', "2:11: this escape is not known; a backslash itself is written \\\\"],
  [
    "a tab in a text",
    '{\n  "name": "a\tb"\n}',
    "2:11: a line break, tab or other control character in a text is written as an escape (\\n, \\t)",
  ],
  [
    "101 levels",
    `\n${'{"source":'.repeat(50)}${"[".repeat(51)}${"]".repeat(51)}${"}".repeat(50)}`,
    "2:551: lists and objects stand more than 100 levels deep here",
  ],
  ["100,000 levels", "[".repeat(100_000), "1:101: lists and objects stand more than 100 levels deep here"],
  ["a second object", "{}\n{}", "2:1: nothing may follow after the end of the configuration"],
  ["an open comment", "{}\n/* and", "2:1: this comment is not closed by */"],
  [
    "a repeated key",
    '{\n  "name": "a",\n  "source": [{ "url": "x", "url": "y" }],\n  "name": "b"\n}',
    '3:28: the key "url" stands here again; it is already at 3:16\n.syncrc.json:4:3: the key "name" stands here again; it is already at 2:3',
  ],
])("tells line and column of %s", async (_, text, message) => {
  await write(".syncrc.json", text);
  expect(await messageOf(load())).toBe(`.syncrc.json:${message}`);
});

it("takes a package.json as strictly as npm does", async () => {
  await write("package.json", `{\n  // a comment\n  "sync": ${minimal}\n}`);
  expect(await messageOf(load())).toBe("package.json:2:3: comments are not allowed in this file");
});

it.each([
  ["a repeated key", "name: a\nname: b\n", "2:1: duplicated mapping key"],
  ["wrong indentation", "source:\n  url: a\n bindDn: b\n", "3:2: bad indentation of a mapping entry"],
  ["10,000 levels", `name: ${"[".repeat(10_000)}`, "1:106: lists and objects stand more than 100 levels deep here"],
  ["an unquoted asterisk", "name: *a\n", "1:9: a text that begins with * must stand in quotes"],
])("tells line and column of %s in YAML", async (_, text, message) => {
  await write(".syncrc", text);
  expect(await messageOf(load())).toBe(`.syncrc:${message}`);
});

it("tells line and column of each problem in JSON, the key path alone in YAML", async () => {
  const wrong = minimal
    .replace('"uid"', '{ "attribute": "uid", "multi": "all", "onn": 1 }')
    .replace('"table": "users", ', "");
  const table = "target.table is missing; it must be a text in quotes";
  const multi = 'mapping.username.multi is "all"; it must be "single", "join", "json", "count" or "reject"';
  const unknown = 'mapping.username.onn is not known; did you mean "on"?';
  await write(".syncrc.json", wrong);
  expect(await messageOf(load())).toBe(
    `.syncrc.json:3:3: ${table}\n.syncrc.json:4:50: ${multi}\n.syncrc.json:4:66: ${unknown}`,
  );
  await write("sync.yaml", wrong);
  expect(await messageOf(load("sync.yaml"))).toBe(`sync.yaml: ${table}\nsync.yaml: ${multi}\nsync.yaml: ${unknown}`);
  await write("package.json", `{\n"sync": ${wrong}\n}`);
  expect(await messageOf(load("package.json"))).toBe(
    `package.json:4:3: ${table}\npackage.json:5:50: ${multi}\npackage.json:5:66: ${unknown}`,
  );
});

it.each([
  [0o600, []],
  [0o640, ["mode 640"]],
  [0o604, ["mode 604"]],
])("warns of a secret in a file of mode %o that others have access to", async (mode, expected) => {
  const file = join(folder, ".syncrc.json");
  const source = { url: "ldaps://a.example.com", baseDn: "dc=x", bindDn: "cn=x", bindPassword: "hush" };
  await write(".syncrc.json", JSON.stringify({ ...JSON.parse(minimal), source }));
  await chmod(file, mode);
  const { warnings, secrets } = await load();
  expect(secrets).toEqual(["hush"]);
  expect(warnings).toEqual(
    expected.map(
      (bits) =>
        `source.bindPassword holds a secret, and other users may have access to ${file} (${bits}): chmod 600 ${file}, or use { "env": "NAME" } or { "file": "PATH" }`,
    ),
  );
});

it("resolves history, metrics and hooks: absolute paths, secrets of headers, defaults", async () => {
  const headers = { Authorization: { env: "TOKEN" }, "X-Key": "literal", "Content-Type": "application/vnd.x+json" };
  const written = {
    history: { file: "h.jsonl" },
    metrics: { file: "staff.txt" },
    hooks: { onChange: { url: "https://example.com/secret-path", headers }, onFailure: { command: ["x"] } },
  };
  await write(".syncrc.json", JSON.stringify({ ...JSON.parse(minimal), ...written }));
  const { config, warnings, secrets } = await load(undefined, { TOKEN: "hush hush" });
  expect({ ...config, sources: 0, target: 0 }).toMatchObject({
    history: { file: join(folder, "h.jsonl") },
    metrics: { file: join(folder, "staff.txt") },
    hooks: {
      onChange: {
        url: "https://example.com/secret-path",
        headers: { Authorization: "hush hush", "X-Key": "literal", "Content-Type": "application/vnd.x+json" },
        timeoutMs: 10_000,
        retries: 2,
      },
      onFailure: { command: ["x"], timeoutMs: 30_000 },
    },
  });
  expect(secrets).toEqual(["hush hush", "literal"]);
  expect(warnings.filter((each) => !each.includes("holds a secret"))).toEqual([
    "metrics.file does not end in .prom, and node_exporter reads no other files",
  ]);
});

it("has one hash for one configuration, whatever the order of its keys and whatever its secrets", async () => {
  const of = async (changes: object, env = {}) => {
    await write(".syncrc.json", JSON.stringify({ ...JSON.parse(minimal), ...changes }));
    return (await load(undefined, env)).hash;
  };
  const hook = (url: string, token: object | string) => ({ hooks: { onChange: { url, headers: { a: token } } } });
  const plain = await of({});
  expect(plain).toMatch(/^[\da-f]{64}$/);
  const { source, ...others } = JSON.parse(minimal);
  await write(
    ".syncrc.json",
    JSON.stringify({ ...others, source: { ...source, bindDn: "cn=x", bindPassword: "one" } }),
  );
  const one = (await load()).hash;
  await write(
    ".syncrc.json",
    JSON.stringify({ source: { bindPassword: "two", bindDn: "cn=x", ...source }, ...others }),
  );
  expect((await load()).hash).toBe(one);
  expect(one).not.toBe(plain);
  expect(await of(hook("https://a.example/1", "secret"))).toBe(plain);
  expect(await of(hook("https://b.example/2", { env: "T" }), { T: "t" })).toBe(plain);
  expect(await of({ batchSize: 7 })).not.toBe(plain);
});

it("tells what it knows of a configuration before it is checked", async () => {
  const glimpses = async (text: string) => {
    await write(".syncrc.json", text);
    const told: unknown[] = [];
    await loadConfig({ cwd: folder, env: {}, version: "0", seen: (each) => told.push(each) }).catch(() => {});
    return told.at(-1);
  };
  const file = join(folder, ".syncrc.json");
  expect(await glimpses('{ "name": "staff", "history": { "file": "h" }, "nme": 1 }')).toEqual({
    file,
    name: "staff",
    historyFile: join(folder, "h"),
  });
  expect(await glimpses("{}")).toEqual({ file, name: "default", historyFile: undefined });
  expect(await glimpses('{ "name": 1 }')).toEqual({ file, name: undefined, historyFile: undefined });
  expect(await glimpses("{")).toEqual({ file });
});

it("ships an example that loads without a warning", async () => {
  await write(".syncrc.json", await readFile(".syncrc.example.json"));
  const { config, warnings, secrets } = await load(undefined, { LDAP_PASSWORD: "a", DB_PASSWORD: "b" });
  expect({ warnings, secrets, target: config.target.client }).toEqual({
    warnings: [],
    secrets: ["a", "b"],
    target: "mysql2",
  });
});

/** The names of all keys of a JSON Schema. */
function keysOf(schema: unknown): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const { properties } = schema as { properties?: object };
  return [...Object.keys(properties ?? {}), ...Object.values(schema).flatMap(keysOf)];
}

it("ships an example that shows every key, in comments only those that exclude another or name a file", async () => {
  const example = await readFile(".syncrc.example.json", "utf8");
  const keys = new Set(keysOf(configJsonSchema()));
  const missing = (text: string) => [...keys].filter((key) => !text.includes(`"${key}":`)).sort();
  expect(keys.size).toBeGreaterThan(50);
  expect(missing(example)).toEqual([]);
  expect(missing(example.replace(/^\s*\/\/.*$/gm, ""))).toEqual(
    [
      "and",
      "ca",
      "cert",
      "command",
      "days",
      "delete",
      "file",
      "filename",
      "grace",
      "headers",
      "history",
      "hooks",
      "key",
      "lockout",
      "lockoutDuration",
      "metrics",
      "not",
      "onChange",
      "onFailure",
      "onSuccess",
      "or",
      "preset",
      "related",
      "retries",
      "runs",
      "runsColumn",
      "set",
      "setBy",
      "sinceColumn",
      "socketPath",
      "where",
      "zero",
    ].sort(),
  );
});

it("ships the JSON Schema of the schema that validates", async () => {
  expect(await readFile("syncrc.schema.json", "utf8")).toBe(configJsonSchemaText());
});
