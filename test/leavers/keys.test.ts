import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Attributes } from "../program.ts";
import type { TestDatabase } from "../target-databases.ts";
import { databases, inShort, many, openHouse } from "./house.ts";

/** How rows are known to be somebody's: by the collation of the key, by whichever of several keys a row has first. */

describe.each(databases)("whose a row is, in $name", ({ start, name, ...sql }) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await start();
  });
  afterAll(() => database?.stop());

  const isMariadb = name === "MariaDB";
  const caseless = isMariadb
    ? "varchar(50) collate utf8mb4_unicode_ci not null unique"
    : "text not null collate nocase unique";
  const exact = isMariadb ? "varchar(50) collate utf8mb4_bin not null unique" : "text not null unique";
  const latin = isMariadb ? "varchar(50) character set latin1 collate latin1_swedish_ci not null unique" : caseless;
  const fixed = isMariadb
    ? "char(20) character set utf8mb4 collate utf8mb4_general_ci not null unique"
    : "text not null collate rtrim unique";
  const bytes = isMariadb ? "binary(16) not null unique" : "blob not null unique";

  it.each<[string, string, readonly (string | number)[], readonly string[], string]>([
    ["letter case does not count", caseless, ["Anna", "BERT", "carl"], ["anna", "bert"], "carl"],
    ["letter case counts", exact, ["Anna", "anna", "ANNA", "anNa", "bert"], ["Anna", "ANNA", "anNa", "bert"], "anna"],
    [
      "in Latin-1",
      latin,
      ["ånna", "Östen", "zoë", "ÿ"].slice(isMariadb ? 0 : 2),
      ["ånna", "östen", "zoë"].slice(isMariadb ? 0 : 2),
      "ÿ",
    ],
    ["of a fixed length, spaces at the end do not count", fixed, ["anna  ", "bert", "carl "], ["anna", "carl"], "bert"],
    [
      "that are numbers",
      "bigint not null unique",
      [7, 10, 9, 1000000000000, 80],
      ["7", "9", "10", "080"],
      "1000000000000",
    ],
  ])("by keys where %s", async (_, type, stored, present, gone) => {
    const opened = await openHouse(
      database,
      sql,
      {},
      "",
      `username ${type}, email varchar(50), origin varchar(20), state varchar(20)`,
    );
    const { people, run, sql: ask } = opened;
    const values = stored.map((key) => `(${typeof key === "number" ? key : `'${key}'`}, 'active')`);
    await ask(`insert into users (username, state) values ${values.join(", ")}`);
    await people(present);
    const { code, document } = await run("sync", "--max-deactivate", "1");
    const leaving = document.changes.filter(({ kind }: { kind: string }) => kind === "deactivate");
    expect([code, leaving.map(({ key }: { key: string }) => key), document.counts.inserted]).toEqual([0, [gone], 0]);
    const rows = await ask("select username as u from users where state = 'inactive'");
    expect(rows.map(({ u }) => String(u).trimEnd())).toEqual([gone]);
  });

  it("by keys that are bytes", async () => {
    const opened = await openHouse(
      database,
      sql,
      { mapping: { username: { attribute: "entryUUID", as: "uuid" } } },
      "",
      `username ${bytes}, email varchar(50), origin varchar(20), state varchar(20)`,
    );
    const { people, run, sql: ask } = opened;
    const ids = [
      "00000000-0000-4000-8000-00000000ff01",
      "00000000-0000-4000-8000-00000000ff02",
      "ffffffff-0000-4000-8000-000000000000",
    ];
    const withIds = (some: readonly string[]) =>
      Object.fromEntries(some.map((id, at) => [`uid=${at}`, { uid: [String(at)], entryUUID: [id] }]));
    await people(withIds(ids));
    expect(inShort(await run("sync"))).toBe("0 inserted 3");
    await people(withIds([ids[0] ?? "", ids[2] ?? ""]));
    const { document } = await run("sync");
    expect(document.changes.map(({ key }: { key: string }) => key)).toEqual([ids[1]]);
    const [row] = await ask("select hex(username) as h from users where state = 'inactive'");
    expect(row?.h).toBe(ids[1]?.replaceAll("-", "").toUpperCase());
    expect(inShort(await run("sync"))).toBe("0 unchanged 2");
  });

  it("by a name that is a keyword, with quotes and question marks in it", async () => {
    const column = 'se`lect ? "x"';
    const quoted = isMariadb ? `\`${column.replaceAll("`", "``")}\`` : `"${column.replaceAll('"', '""')}"`;
    const opened = await openHouse(
      database,
      sql,
      { matchKey: column, mapping: { [column]: "uid", username: undefined } },
      "",
      `${quoted} varchar(50) not null unique, email varchar(50), origin varchar(20), state varchar(20)`,
    );
    const { people, run } = opened;
    await people(["a", "b?"]);
    expect(inShort(await run("sync"))).toBe("0 inserted 2");
    await people(["a"]);
    expect(inShort(await run("sync"))).toBe("0 unchanged 1 deactivated 1");
  });

  describe("by several keys", () => {
    const definition =
      "external_id varchar(50) unique, username varchar(50) unique, email varchar(50), origin varchar(20), state varchar(20)";
    const changes = { matchKey: ["external_id", "username"], mapping: { external_id: "employeeNumber" } };
    const person = (uid: string | undefined, number?: string): Attributes => ({
      ...(uid !== undefined && { uid: [uid] }),
      ...(number !== undefined && { employeeNumber: [number] }),
    });
    const row = (id: string | null, username: string | null): string =>
      `(${[id, username].map((value) => (value === null ? "null" : `'${value}'`)).join(", ")}, 'active')`;

    it.each<[string, readonly [string | null, string | null][], readonly Attributes[], readonly string[]]>([
      [
        "the first one",
        [
          ["1", "a"],
          ["2", "b"],
        ],
        [person("z", "1")],
        ["2"],
      ],
      [
        "the second where it has no first",
        [
          [null, "a"],
          [null, "b"],
          ["3", "c"],
        ],
        [person("a"), person("c", "3")],
        ["b"],
      ],
      [
        "one that is adopted in this run",
        [
          [null, "a"],
          [null, "b"],
        ],
        [person("a", "1")],
        ["b"],
      ],
      // Whose row it is cannot be known: the entry shows no number.
      [
        "left alone where an entry shows its second key alone",
        [
          ["1", "a"],
          ["2", "b"],
          ["3", "c"],
        ],
        [person("a"), person("c", "3")],
        ["2"],
      ],
      [
        "none at all: told and left alone",
        [
          [null, null],
          ["2", "b"],
          ["3", "c"],
        ],
        [person("c", "3")],
        ["2"],
      ],
    ])("%s", async (_, stored, present, leaving) => {
      const opened = await openHouse(database, sql, changes, "", definition);
      const { people, run, sql: ask } = opened;
      await ask(
        `insert into users (external_id, username, state) values ${stored.map(([id, uid]) => row(id, uid)).join(", ")}`,
      );
      await people(
        Object.fromEntries(present.map((attributes, at) => [`cn=${at}`, { cn: [String(at)], ...attributes }])),
      );
      const dry = await run("dry-run", "--max-deactivate", "5");
      const { document } = await run("sync", "--max-deactivate", "5");
      const keys = document.changes.flatMap(({ kind, key }: { kind: string; key: string }) =>
        kind === "deactivate" ? [key] : [],
      );
      expect(keys).toEqual(leaving);
      expect([dry.document.counts, dry.document.changes, dry.document.notices]).toEqual([
        document.counts,
        document.changes,
        document.notices,
      ]);
      const keyless = stored.filter((each) => each.every((value) => value === null)).length;
      expect(document.notices).toEqual(
        keyless === 0
          ? []
          : [
              "1 active row has no match key, so that it cannot be known whether their people have left: they are left as they are",
            ],
      );
      const inactive = await ask(
        "select coalesce(external_id, username) as k from users where state = 'inactive' order by 1",
      );
      expect(inactive.map(({ k }) => k)).toEqual(leaving);
    });
  });

  it("is found in tables of more rows than a page has", async () => {
    const opened = await openHouse(
      database,
      sql,
      { limits: { deactivate: { max: 100_000, maxPercent: 100 } } },
      "",
      `username ${exact}, email varchar(50), origin varchar(20), state varchar(20)`,
    );
    const { people, run, sql: ask } = opened;
    const all = many(10_001);
    for (let at = 0; at < all.length; at += 1000) {
      await ask(
        `insert into users (username, state) values ${all
          .slice(at, at + 1000)
          .map((key) => `('${key}', 'active')`)
          .join(", ")}`,
      );
    }
    const gone = ["p00000", "p04999", "p05000", "p05001", "p09999", "p10000"];
    await people(all.filter((key) => !gone.includes(key)));
    const { document } = await run("sync", "--max-deactivate", "10");
    expect(document.changes.map(({ key }: { key: string }) => key)).toEqual(gone);
    expect(document.counts.unchanged).toBe(all.length - gone.length);
  });
});
