import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jsonLines } from "../program.ts";
import type { TestDatabase } from "../target-databases.ts";
import { type Changes, databases, type House, inShort, many, named, openHouse } from "./house.ts";

describe.each(databases)("rows of people who have left, in $name", ({ start, name, ...sql }) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await start();
  });
  afterAll(() => database?.stop());

  const house = async (changes: Changes = {}, extra = ""): Promise<House> => {
    const opened = await openHouse(database, sql, changes, extra);
    await opened.people(["a", "b", "c", "d"]);
    expect(inShort(await opened.run("sync"))).toBe("0 inserted 4");
    return opened;
  };

  it("are deactivated, and reactivated when the people are back; a run after each writes nothing", async () => {
    const { people, run, rows } = await house();
    await people(["a", "d"]);
    const dry = await run("dry-run");
    expect(await rows()).toBe("a:active b:active c:active d:active");
    const left = await run("sync");
    expect([dry.document.counts, dry.document.changes]).toEqual([left.document.counts, left.document.changes]);
    expect(inShort(left)).toBe("0 unchanged 2 deactivated 2");
    expect(left.document.changes).toEqual(
      ["b", "c"].map((key) => ({
        kind: "deactivate",
        key,
        dn: "",
        columns: { state: { from: "active", to: "inactive" } },
      })),
    );
    expect(await rows()).toBe("a:active b:inactive c:inactive d:active");
    expect(inShort(await run("sync"))).toBe("0 unchanged 2");
    await people(["a", "b", "d"]);
    expect(inShort(await run("sync"))).toBe("0 updated 1 unchanged 2 reactivated 1");
    expect(await rows()).toBe("a:active b:active c:inactive d:active");
    expect(inShort(await run("sync"))).toBe("0 unchanged 3");
  });

  it("are never deleted, and other columns of theirs stay as they are", async () => {
    const { people, run, rows, sql: ask } = await house();
    await ask("update users set email = 'b@x', note = 'mine' where username = 'b'");
    await people(["a", "c", "d"]);
    await run("sync");
    expect(await rows("email", "note")).toBe(
      "a:active:NULL:NULL b:inactive:b@x:mine c:active:NULL:NULL d:active:NULL:NULL",
    );
  });

  it("get what leavers.set says, and now is the start of the run in a column of a date", async () => {
    const set = { left_at: "now", left_on: "now", note: "now", email: null };
    const {
      people,
      run,
      sql: ask,
      folder,
    } = await house({ leavers: { set } }, `, left_at ${sql.moment}, left_on date`);
    await ask("update users set email = 'b@x' where username = 'b'");
    await people(["a", "c", "d"]);
    const dry = await run("dry-run", "--changes", "dry");
    const { document } = await run("sync", "--changes", "real");
    const to = { from: null, to: "now" };
    expect(document.changes).toEqual([
      {
        kind: "deactivate",
        key: "b",
        dn: "",
        columns: {
          state: { from: "active", to: "inactive" },
          left_at: to,
          left_on: to,
          note: to,
          email: { from: "b@x", to: null },
        },
      },
    ]);
    expect(dry.document.changes).toEqual(document.changes);
    expect(await jsonLines(`${folder}/dry`)).toEqual(document.changes);
    expect(await jsonLines(`${folder}/real`)).toEqual(document.changes);
    const [row] = await ask("select left_at, left_on, note, email from users where username = 'b'");
    const start = document.startedAt as string;
    const second = start.slice(0, 19).replace("T", " ");
    expect(row).toEqual({ left_at: second, left_on: second.slice(0, 10), note: "now", email: null });
  });

  it("bear the mark of state.setBy", async () => {
    const { people, run, rows } = await house({ state: { column: "state", setBy: "note" } });
    await people(["a", "c", "d"]);
    expect(inShort(await run("sync"))).toBe("0 unchanged 3 deactivated 1");
    expect(await rows("note")).toBe("a:active:NULL b:inactive:idm-ldap-sync c:active:NULL d:active:NULL");
  });

  it("are those in the scope alone, whose number is what a percentage is of (M18, M19)", async () => {
    const { people, run, rows, configure, sql: ask } = await house();
    const others = Array.from({ length: 200 }, (_, i) => `('z${i}', 'local', 'active')`);
    await ask(`insert into users (username, origin, state) values ${others.join(", ")}`);
    await people(["a", "b", "c"]);
    await configure({ leavers: { scope: { origin: "ldap" } } });
    expect(inShort(await run("sync"))).toBe("0 unchanged 3 deactivated 1");
    expect(await rows()).toMatch(/^a:active b:active c:active d:inactive( z\d+:active){200}$/);
    // Twelve of 214 would be 6 %; of the fourteen that are owned they are too many.
    await people([..."abc", ...many(11)]);
    await run("sync");
    await people(["a", "b"]);
    const refused = await run("sync");
    expect([refused.code, refused.document.outcome, refused.document.error.message]).toEqual([
      4,
      "refused",
      expect.stringMatching(
        /^12 of 14 active rows would be deactivated \(85.7 %\), and the limit is 10 \(limits.deactivate.maxPercent 10\)/,
      ),
    ]);
    expect(await rows()).toMatch(/^a:active b:active c:active d:inactive p00000:active /);
  });

  it("are not those that protect names, nor those that are NULL in a column of the scope", async () => {
    const { people, run, rows, configure, sql: ask } = await house();
    await ask("update users set origin = null where username in ('b', 'c')");
    await configure({ leavers: { scope: { origin: null } }, protect: [{ username: "B" }, { username: "d" }] });
    await people(["a"]);
    expect(inShort(await run("sync"))).toBe("0 unchanged 1 deactivated 1");
    expect(await rows()).toBe("a:active b:active c:inactive d:active");
  });

  it("are left alone by the action ignore, by --filter, and where only some were read", async () => {
    const { people, run, rows, configure } = await house();
    await people(["a"]);
    await configure({ leavers: { action: "ignore" } });
    expect(inShort(await run("sync"))).toBe("0 unchanged 1");
    await configure();
    expect(inShort(await run("sync", "--filter", "(uid=a)"))).toBe("0 unchanged 1");
    await configure({ source: { ...fileSource, mustContain: ["uid=canary,ou=people,dc=example,dc=com"] } });
    const { code, document } = await run("sync");
    expect([code, document.error.hint]).toEqual([
      1,
      expect.stringMatching(/^nobody was deactivated: the read is not complete; /),
    ]);
    expect(await rows()).toBe("a:active b:active c:active d:active");
  });

  it("are joined by people who were never active and get a row, where that is wanted; nobody gets a second one", async () => {
    const { people, run, rows, configure } = await house({
      leavers: { inactive: "create" },
      state: { column: "state", setBy: "note" },
    });
    const left = { employeeType: ["left"] };
    await people({
      "uid=a": { uid: ["a"] },
      "uid=b": { uid: ["b"], ...left },
      "uid=x": { uid: ["x"], mail: ["x@example.com"], ...left },
      "uid=y": { uid: ["y"], employeeType: [] },
    });
    const previewed = await run("dry-run");
    const synced = await run("sync");
    expect([inShort(previewed), previewed.document.changes]).toEqual([inShort(synced), synced.document.changes]);
    expect(inShort(synced)).toBe("0 unchanged 1 deactivated 3 createdInactive 2");
    expect(synced.document.changes.filter((change: { inactive?: boolean }) => change.inactive)).toEqual([
      expect.objectContaining({ kind: "insert", key: "x", dn: "uid=x,ou=people,dc=example,dc=com" }),
      expect.objectContaining({ kind: "insert", key: "y" }),
    ]);
    const mark = "inactive:idm-ldap-sync";
    expect(await rows("note")).toBe(`a:active:NULL b:${mark} c:${mark} d:${mark} x:${mark} y:${mark}`);
    expect(inShort(await run("sync"))).toBe("0 unchanged 1");
    await configure();
    await people(["a", "x"]);
    expect(inShort(await run("sync"))).toBe("0 updated 1 unchanged 1 reactivated 1");
  });

  it("are nobody where one of several directories shows nobody, until that is said to be meant (M13)", async () => {
    const { people, run, rows, configure } = await house();
    const filters = ["(uid=a)", "(uid=b)"];
    await configure({ source: filters.map((filter) => ({ ...fileSource, filter })) });
    await people(["b", "c", "d"]);
    const { code, document } = await run("sync");
    expect([code, document.outcome, document.error.message]).toEqual([
      4,
      "refused",
      expect.stringMatching(/people\.ldif.* has no active entry: nobody was deactivated$/),
    ]);
    expect((await run("dry-run")).code).toBe(4);
    expect(await rows()).toBe("a:active b:active c:active d:active");
    expect(inShort(await run("sync", "--allow-empty"))).toBe("0 unchanged 1 deactivated 3");
  });

  it("are nobody where the file that is read does not end with a line break, and nothing is made of its last entry", async () => {
    const opened = await openHouse(database, sql);
    const { people, run, rows, folder } = opened;
    await people(["a", "b", "carl"]);
    await run("sync");
    const file = join(folder, "people.ldif");
    const text = await readFile(file, "utf8");
    await writeFile(file, text.slice(0, text.lastIndexOf("uid: carl") + "uid: car".length));
    for (const command of ["dry-run", "sync"]) {
      const { code, document } = await run(command);
      expect([code, document.error]).toEqual([
        1,
        {
          message: "people.ldif does not end with a line break: it is cut off, or still written",
          hint: "nobody was deactivated: the read is not complete; export it again; a file that is whole ends with a line break",
        },
      ]);
    }
    expect(await rows()).toBe("a:active b:active carl:active");
  });

  it("are not those of people who were read and rejected, whatever they are rejected for (M20, M28)", async () => {
    const { people, run, rows, configure } = await house();
    await configure({ mapping: { email: { attribute: "mail", required: true } } });
    await people({
      ...named(["b", "c"]),
      "uid=a": { uid: ["a"], mail: ["a@x"] },
      "uid=d": { uid: ["d"], mail: ["d@x"] },
    });
    expect(inShort(await run("sync"))).toBe("3 updated 2 rejected 2");
    expect(await rows()).toBe("a:active b:active c:active d:active");
  });

  it("are not those of somebody else's of whom only the key is known: made anew with another id (M24)", async () => {
    const { people, run, rows, configure } = await house({
      mapping: { external_id: "entryUUID" },
    });
    const withIds = (ids: Record<string, string>) =>
      Object.fromEntries(Object.entries(ids).map(([uid, id]) => [`uid=${uid}`, { uid: [uid], entryUUID: [id] }]));
    await people(withIds({ a: "1", b: "2", c: "3", d: "4" }));
    await run("sync");
    await people(withIds({ a: "1", b: "9", c: "3" }));
    expect(inShort(await run("sync"))).toBe("3 unchanged 2 deactivated 1 rejected 1");
    expect(await rows()).toBe("a:active b:active c:active d:inactive");
    await configure({ matchKey: ["external_id", "username"] });
    expect(inShort(await run("sync"))).toBe("3 unchanged 2 rejected 1");
    expect(await rows()).toBe("a:active b:active c:active d:inactive");
  });

  it("would be deactivated, as --verify lets the database say, which rolls it back", async () => {
    const { people, run, rows } = await house();
    await people(["a", "d"]);
    expect(inShort(await run("dry-run", "--verify"))).toBe("0 unchanged 2 deactivated 2");
    expect(inShort(await run("dry-run", "--exit-code"))).toBe("10 unchanged 2 deactivated 2");
    expect(await rows()).toBe("a:active b:active c:active d:active");
  });
});

const fileSource = {
  url: "file:people.ldif",
  baseDn: "ou=people,dc=example,dc=com",
  filter: "(objectClass=inetOrgPerson)",
  active: "(employeeType=active)",
};
