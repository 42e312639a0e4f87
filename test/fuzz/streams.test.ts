import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { mainIn } from "../in-process.ts";
import { instanceFolder } from "../servers/folder.ts";
import { type ScriptedLdap, scriptedLdap } from "../servers/ldap-script.ts";
import { type SqliteDatabase, sqliteDatabase } from "../target-databases.ts";
import { unseen } from "../unseen.ts";
import { bindResponse, damaged, damages, wholeRead } from "./damage.ts";
import { isBound, type Meaning, type MeantEntry, meaningOf } from "./meaning.ts";
import { fuzzRuns, fuzzSeed, seeded, tell } from "./random.ts";

/**
 * Whole runs against a server whose answers are damaged. What the bytes mean is read by `meaning.ts`: a run ends well
 * only where that is a whole read, with its entries and no others in the table.
 */

/** The message ids of the bind and of the first search. */
const [bindId, firstId] = [2, 1001];

interface Scenario {
  readonly bind: Buffer;
  readonly pages: readonly Buffer[];
  readonly requests: number;
  /** After the last answer the server says nothing more, but stays. */
  readonly silent: boolean;
}

let database: SqliteDatabase;
let folder: string;
const servers: ScriptedLdap[] = [];
let scenario: Scenario;

beforeAll(async () => {
  folder = await instanceFolder("streams-");
  database = await sqliteDatabase();
  await database.sql("create table users (username text not null unique, mail text)");
  for (const chunkSize of [undefined, 17]) servers.push(await damagedServer(chunkSize));
});
afterAll(async () => {
  await database.stop();
  for (const server of servers) await server.stop();
});

function damagedServer(chunkSize: number | undefined): Promise<ScriptedLdap> {
  const asked = new Map<number, number>();
  return scriptedLdap(
    (request, reply) => {
      const { bind, pages, requests, silent } = scenario;
      if (request.op === "bind") {
        reply.rawBytes(bind);
        if (!isBound(bind, bindId) && !silent) reply.close();
      }
      if (request.op !== "search") return;
      const page = asked.get(request.connection) ?? 0;
      asked.set(request.connection, page + 1);
      reply.rawBytes(pages[page] ?? Buffer.alloc(0));
      if (page + 1 >= requests && !silent) reply.close();
    },
    chunkSize === undefined ? {} : { chunkSize },
  );
}

/** Different values in base64, sorted: the mapping of these runs writes the first of them, or all. */
function valuesOf(entry: MeantEntry, attribute: string): string[] {
  const texts = (entry.attributes.get(attribute) ?? []).filter((value) => value.length > 0);
  return [...new Set(texts.map((value) => btoa(String.fromCharCode(...value))))].sort();
}

interface Row {
  readonly username: string;
  readonly mail: string | null;
}

/** The rows of entries, in their order; of several with the same key the first one's. */
function rowsOf(entries: readonly MeantEntry[]): Row[] {
  const rows = new Map<string, Row>();
  for (const entry of entries) {
    const [username] = valuesOf(entry, "uid");
    const mail = valuesOf(entry, "mail").join(", ") || null;
    if (username !== undefined && !rows.has(username)) rows.set(username, { username, mail });
  }
  return [...rows.values()];
}

const byName = (rows: readonly Row[]): Row[] => [...rows].sort((a, b) => (a.username < b.username ? -1 : 1));
/** Codes after which it is the configuration's turn. */
const configuration = new Set([17, 18, 21, 34]);

/** What the whole conversation means. */
function afterBind(bound: ReturnType<typeof isBound>, whole: Meaning): Meaning {
  if (bound === false) return { complete: false, entries: [], requests: 0, why: "no bind" };
  return bound === true || whole.complete === false ? whole : { ...whole, complete: "perhaps" };
}

async function expectRun(meaning: Meaning, words: string): Promise<"complete" | "failed"> {
  await database.sql("delete from users");
  const { code, stdout, stderr } = await mainIn(folder, ["sync"]);
  const rows = (await database.sql("select username, mail from users")).map((row) => ({ ...row })) as unknown as Row[];
  const meant = rowsOf(meaning.entries);
  expect(`${stdout}${stderr}`, words).not.toMatch(unseen);
  if (code === 0 || code === 3) {
    expect({ complete: meaning.complete !== false, rows: byName(rows) }, `${words} ${meaning.why}`).toEqual({
      complete: true,
      rows: byName(meant),
    });
    if (meant.length === meaning.entries.length) expect(code, words).toBe(0);
    return "complete";
  }
  expect({ code, stderr, complete: meaning.complete === true }, `${words} ${meaning.why}`).toEqual({
    code: configuration.has(meaning.code ?? 0) ? expect.any(Number) : 1,
    stderr: expect.stringMatching(/^error: ldap:.*\n$/m),
    complete: false,
  });
  expect(stderr.match(/^error: /gm), `${words}: ${stderr}`).toHaveLength(1);
  expect(meant, words).toEqual(expect.arrayContaining(rows));
  return "failed";
}

it("damaged answers of a server are never taken for a whole read", async () => {
  const seed = fuzzSeed();
  const counts = { streams: 0, complete: 0, failed: 0, "at the bind": 0, "MiB of buffers at most": 0 };
  const watch = setInterval(() => {
    const held = Math.ceil(process.memoryUsage().arrayBuffers / 2 ** 20);
    counts["MiB of buffers at most"] = Math.max(counts["MiB of buffers at most"], held);
  }, 5);
  let at = 0;
  process.stdout.write(`fuzz damaged streams, FUZZ_SEED=${seed}\n`);
  try {
    for (; at < fuzzRuns(400); at += 1) {
      const random = seeded(seed + at);
      const kind = damages[at % damages.length] ?? "nothing";
      const atBind = random.chance(0.08);
      const pages = wholeRead(random, firstId);
      const answers = damaged(random, atBind ? "nothing" : kind, pages, firstId);
      const [bind = Buffer.alloc(0)] = damaged(
        random,
        atBind ? kind : "nothing",
        [{ messages: [bindResponse(bindId)] }],
        bindId,
      );
      const whole = meaningOf(answers, firstId);
      const meaning = afterBind(isBound(bind, bindId), whole);
      scenario = {
        bind,
        pages: answers,
        requests: whole.requests,
        silent: meaning.complete === false && random.chance(0.03),
      };
      const server = random.pick(servers);
      const config = {
        source: {
          url: server.url,
          baseDn: "dc=example",
          bindDn: "cn=sync",
          bindPassword: "x",
          timeoutMs: scenario.silent ? 300 : 20_000,
        },
        target: database.config("users", "username"),
        mapping: {
          username: { attribute: "uid", as: "base64" },
          mail: { attribute: "mail", as: "base64", multi: "join" },
        },
      };
      await writeFile(join(folder, ".syncrc.json"), JSON.stringify(config), { mode: 0o600 });
      const outcome = await expectRun(meaning, `stream ${at} of seed ${seed}, ${kind}${atBind ? " at the bind" : ""}`);
      if (kind === "nothing") expect(outcome).toBe("complete");
      counts.streams += 1;
      counts[outcome] += 1;
      if (atBind) counts["at the bind"] += 1;
    }
  } finally {
    clearInterval(watch);
    tell("damaged streams", seed, counts);
  }
  // Lengths of two gigabytes are among the damages.
  expect(counts["MiB of buffers at most"]).toBeLessThan(512);
  expect(counts.complete).toBeGreaterThan(0);
  expect(counts.failed).toBeGreaterThan(counts.complete);
}, 3_600_000);
