import { readFile, stat, writeFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { noCounts } from "./counts.ts";
import { base, fileWorkspace, type Workspace } from "./program.ts";

/** The hooks of a sync, with a real HTTP server and real commands. */

const anna = { "uid=anna": { uid: ["anna"], mail: ["anna-4711@x"], displayName: ["Anna"], entryUUID: ["id-anna"] } };
const nobody = { "cn=nobody": {} };

interface Received {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

/** Answers each request with the next status, the last one again and again; 0 is no answer. A redirection leads back here. */
async function listening(...statuses: number[]): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method, url: path, headers } = request;
      received.push({ method, path, headers, body: JSON.parse(String(Buffer.concat(chunks))) });
      const status = statuses[Math.min(received.length, statuses.length) - 1] ?? 200;
      if (status !== 0) response.writeHead(status, { location: "/elsewhere" }).end("x".repeat(100_000));
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

/** A hook that writes its input to a file of its event. */
const kept = (event: string) => ({ command: ["sh", "-c", 'cat > "$1"', "sh", event] });
const all = { onChange: kept("onChange"), onSuccess: kept("onSuccess"), onFailure: kept("onFailure") };

/** The events whose hooks were called, by the files they left. */
async function called(work: Workspace): Promise<string[]> {
  const there = await Promise.all(
    Object.keys(all).map((event) =>
      stat(work.path(event)).then(
        () => [event],
        () => [],
      ),
    ),
  );
  return there.flat();
}

describe("hooks", () => {
  it.each<[string, object, object, string[], string[]]>([
    ["a sync that changed rows", anna, {}, ["sync"], ["onChange", "onSuccess"]],
    [
      "one with rejects, which had something to change",
      { ...anna, ...nobody },
      {},
      ["sync"],
      ["onChange", "onFailure"],
    ],
    ["one that was refused, which changed nothing", anna, { limits: { insert: { max: 0 } } }, ["sync"], ["onFailure"]],
    ["one that found nobody by a filter", anna, {}, ["sync", "--filter", "(uid=x)"], ["onSuccess"]],
    ["a dry run", anna, {}, ["dry-run"], []],
  ])("are called after %s", async (_, people, changes, args, events) => {
    const work = await fileWorkspace(people as typeof anna, { hooks: all, ...changes });
    await work.run(args);
    expect(await called(work)).toEqual(events);
  });

  it("of success alone are called where nothing was to change, and of failure where it failed", async () => {
    const work = await fileWorkspace(anna);
    await work.run(["sync"]);
    const config = JSON.parse(await readFile(work.path(".syncrc.json"), "utf8"));
    await work.configure({ ...config, hooks: all });
    await work.run(["sync"]);
    expect(await called(work)).toEqual(["onSuccess"]);
    await writeFile(work.path("people.ldif"), "broken");
    await work.run(["sync"]);
    expect(await called(work)).toEqual(["onSuccess", "onFailure"]);
  });

  it("get the document of the run, with the names of changed columns and no values", async () => {
    const work = await fileWorkspace({ ...anna, ...nobody }, { name: "staff", hooks: all });
    const { code, changes, ...document } = await work.json(["sync"]);
    const told = JSON.parse(await readFile(work.path("onChange"), "utf8"));
    const columns = ["username", "external_id", "email", "display_name", "created_by", "state"];
    expect(told).toEqual({
      event: "onChange",
      ...document,
      counts: { ...noCounts, read: 2, inserted: 1, rejected: 1 },
      changes: [{ kind: "insert", key: "anna", dn: `uid=anna,${base}`, columns }],
    });
    expect(JSON.stringify(told)).not.toContain("4711");
    expect(JSON.parse(await readFile(work.path("onFailure"), "utf8"))).toEqual({ ...told, event: "onFailure" });
  });
});

describe("a hook with a URL", () => {
  const syncWith = async (hook: object, env = {}) => {
    const work = await fileWorkspace(anna, { hooks: { onChange: hook } });
    return work.run(["sync", "-q"], env);
  };

  it("is sent the document with its headers, whose secrets stand nowhere else", async () => {
    const { url, received } = await listening(204);
    const headers = { Authorization: { env: "TOKEN" }, "Content-Type": "application/vnd.idm+json" };
    const outcome = await syncWith({ url: `${url}/hook?a=b`, headers }, { TOKEN: "Bearer hush-4711" });
    expect(outcome).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(received).toEqual([
      {
        method: "POST",
        path: "/hook?a=b",
        headers: expect.objectContaining({
          authorization: "Bearer hush-4711",
          "content-type": "application/vnd.idm+json",
        }),
        body: expect.objectContaining({ event: "onChange", command: "sync", outcome: "succeeded" }),
      },
    ]);
  });

  it.each<[string, number[], object, number, string]>([
    ["is tried again after an error of the server, in silence where it gets through", [500, 200], {}, 2, ""],
    ["is given up after its retries", [503], { retries: 1 }, 2, "answered 503 Service Unavailable (2 tries)"],
    ["is not tried again where it is refused", [401], {}, 1, "answered 401 Unauthorized"],
    ["does not follow a redirection", [307], {}, 1, "answered 307 Temporary Redirect"],
    ["is given up where it does not answer", [0], { timeoutMs: 1000, retries: 0 }, 1, "did not answer within 1000 ms"],
    ["is tried again where it did not answer", [0, 200], { timeoutMs: 500 }, 2, ""],
  ])("%s, and the sync is none the worse", async (_, statuses, options, requests, words) => {
    const { url, received } = await listening(...statuses);
    const outcome = await syncWith({ url: `${url}/hush-path`, ...options });
    const stderr = words === "" ? "" : `warning: hooks.onChange: ${url} ${words}\n`;
    expect(outcome).toEqual({ code: 0, stdout: "", stderr });
    expect(received).toHaveLength(requests);
  });

  it("is told of where nobody listens", async () => {
    const { url } = await listening();
    await new Promise((resolve) => server?.close(resolve));
    const outcome = await syncWith({ url, retries: 1 });
    const stderr = `warning: hooks.onChange: ${url} could not be reached (ECONNREFUSED) (2 tries)\n`;
    expect(outcome).toEqual({ code: 0, stdout: "", stderr });
  });
});

describe("a hook with a command", () => {
  const syncWith = async (command: string[], options: object = {}) => {
    const work = await fileWorkspace(anna, { hooks: { onSuccess: { command, ...options } } });
    return { work, ...(await work.run(["sync", "-q"])) };
  };

  it("gets its arguments as they are, without a shell, in the folder of the configuration", async () => {
    const script = 'require("fs").writeFileSync("args", JSON.stringify([process.argv.slice(1), process.cwd()]))';
    const { work, code } = await syncWith([process.execPath, "-e", script, "$HOME; *", "a  b"]);
    expect(code).toBe(0);
    expect(JSON.parse(await readFile(work.path("args"), "utf8"))).toEqual([["$HOME; *", "a  b"], work.folder]);
  });

  it.each<[string, string[], object, string]>([
    ["ends with an error", ["sh", "-c", "echo one; echo two >&2; exit 3"], {}, "sh ended with exit code 3: two"],
    ["is killed", ["sh", "-c", "kill -9 $$"], {}, "sh was ended by SIGKILL"],
    ["is not there", ["no-such-program"], {}, "no-such-program cannot be started (ENOENT)"],
    [
      "hangs",
      ["sh", "-c", "sleep 60 & sleep 60"],
      { timeoutMs: 300 },
      "sh was not finished within 300 ms and was ended",
    ],
    [
      "has an argument that no command can have",
      ["sh", "a\u0000b"],
      {},
      "sh cannot be started (ERR_INVALID_ARG_VALUE)",
    ],
  ])("is warned of where it %s, and the sync is none the worse", async (_, command, options, words) => {
    const { code, stdout, stderr } = await syncWith(command, options);
    expect([code, stdout, stderr]).toEqual([0, "", `warning: hooks.onSuccess: ${words}\n`]);
  });

  it.each([
    ["does not read", ["true"]],
    ["prints a lot", ["sh", "-c", "cat > /dev/null; yes | head -c 1000000"]],
    ["leaves something running", ["sh", "-c", "sleep 5 & true"]],
  ])("that %s is none the worse", async (_, command) => {
    const { code, stdout, stderr } = await syncWith(command);
    expect([code, stdout, stderr]).toEqual([0, "", ""]);
  });

  it("prints nothing beside the one document", async () => {
    const work = await fileWorkspace(anna, { hooks: { onSuccess: { command: ["echo", "noise"] } } });
    expect((await work.json(["sync"])).outcome).toBe("succeeded");
  });
});
