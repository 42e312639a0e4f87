import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { base, jsonLines, type Workspace, workspace } from "./program.ts";
import { record } from "./servers/people.ts";
import { mariadbDatabase, sqliteDatabase, type TestDatabase } from "./target-databases.ts";

interface Employee {
  readonly name: string;
  /** The bytes of objectGUID, and the GUID that they are. */
  readonly guid: Buffer;
  readonly id: string;
  readonly sid: Buffer;
  readonly photo: Buffer;
  readonly expires: string;
  readonly serial: string;
}

const photo = (length: number, last: number): Buffer =>
  Buffer.concat([
    Buffer.from("ffd8ffe000104a464946", "hex"),
    Buffer.alloc(length - 11, "\xe9\0'\\", "latin1"),
    Buffer.from([last]),
  ]);
const sid = (rid: string): Buffer => Buffer.from(`010500000000000515000000c70b1dd83c8455c8941ace01${rid}`, "hex");

const employees: readonly Employee[] = [
  {
    name: "any bytes",
    guid: Buffer.from("ff1c2d3e4f5061728394a5b6c7d8e9f0", "hex"),
    id: "3e2d1cff-504f-7261-8394-a5b6c7d8e9f0",
    sid: sid("f5030000"),
    photo: photo(100_000, 1),
    expires: "133500000000000019",
    serial: "9223372036854775807",
  },
  {
    name: "letters",
    guid: Buffer.from("abcdefg\n\0ijklm  "),
    id: "64636261-6665-0a67-0069-6a6b6c6d2020",
    sid: Buffer.from("010100000000000512000000", "hex"),
    photo: Buffer.from("\uFEFFa picture \0 of letters "),
    expires: "9223372036854775807",
    serial: "9007199254740993",
  },
  {
    name: "the same letters, great",
    guid: Buffer.from("ABCDEFG\n\0IJKLM  "),
    id: "44434241-4645-0a47-0049-4a4b4c4d2020",
    sid: Buffer.from("0101fffffffffffe00000080", "hex"),
    photo: photo(11, 0),
    expires: "0",
    serial: "-9223372036854775808",
  },
  {
    name: "a byte order mark",
    guid: Buffer.from("\uFEFFa\0éÜxyzäö"),
    id: "61bfbbef-c300-c3a9-9c78-797ac3a4c3b6",
    sid: sid("7f000000"),
    photo: photo(65, 0),
    expires: "116444736000000000",
    serial: "0",
  },
];

const ldif = (people: readonly Employee[]): string =>
  record(base, { objectClass: ["organizationalUnit"], ou: ["people"] }) +
  people
    .map(({ name, guid, sid: bytes, photo: picture, expires, serial }) =>
      record(`cn=${name.replace(",", "\\,")},${base}`, {
        objectClass: ["user"],
        cn: [name],
        "CN;X-Short;lang-DE": [`${name} auf Deutsch`],
        objectGUID: [guid],
        objectSid: [bytes],
        accountExpires: [expires],
        serial: [serial],
        locked: [serial === "0" ? "TRUE" : "FALSE"],
        whenChanged: ["20261123134501.123456+0100"],
        thumbnailPhoto: [picture],
        "userCertificate;binary": [bytes],
      }),
    )
    .join("");

const mapping = {
  guid: { attribute: "objectGUID", as: "guid" },
  guid_text: { attribute: "objectGUID", as: "guid" },
  name: "cn",
  german: "cn;lang-de;x-short",
  sid: { attribute: "objectSid", as: "sid" },
  sid_bytes: { attribute: "objectSid", as: "binary" },
  expires: { attribute: "accountExpires", as: "filetime" },
  changed: { attribute: "whenChanged", as: "datetime" },
  serial: { attribute: "serial", as: "integer" },
  amount: { attribute: "serial", as: "integer" },
  locked: { attribute: "locked", as: "boolean" },
  photo: { attribute: "thumbnailPhoto", as: "binary" },
  certificate: { attribute: "userCertificate;binary", as: "binary" },
};

const databases = [
  {
    name: "MariaDB",
    start: mariadbDatabase,
    fine: "datetime(6)",
    fraction: ".000001",
    micros: ".123456",
    zeros: ".000000",
    blob: "longblob",
  },
  { name: "SQLite", start: sqliteDatabase, fine: "datetime", fraction: "", micros: "", zeros: "", blob: "blob" },
] as const;

describe.each(databases)("values of Active Directory in $name", ({ start, fine, fraction, micros, zeros, blob }) => {
  let database: TestDatabase;
  let work: Workspace;
  let config: object;
  beforeAll(async () => {
    database = await start();
    work = await workspace();
    await database.sql(
      `create table users (guid binary(16) not null unique, guid_text char(36), name varchar(50) unique, german varchar(50),
        sid varchar(100), sid_bytes varbinary(68) unique, expires ${fine}, changed ${fine}, serial bigint, amount decimal(20),
        locked boolean, photo ${blob}, certificate blob)`,
    );
    const { timeoutMs: _, ...target } = database.config("users", "guid");
    config = {
      source: { url: "file:people.ldif", baseDn: base, filter: "(objectClass=user)" },
      target,
      mapping,
    };
    await work.configure(config);
    await writeFile(work.path("people.ldif"), ldif(employees));
  });
  afterAll(() => database?.stop());

  it("are those of an independent reading, a digest of pictures among them", async () => {
    const { code, counts, changes } = await work.here(["sync"]);
    expect([code, counts.inserted]).toEqual([0, employees.length]);
    expect(changes.map(({ key }) => key)).toEqual(employees.map(({ id }) => id));
    const rows = await database.sql(
      `select name, hex(guid) as guid, guid_text, german, sid, hex(sid_bytes) as sid_bytes, cast(expires as char) as expires,
         cast(changed as char) as changed, cast(serial as char) as serial, cast(amount as char) as amount, locked,
         hex(photo) as photo, hex(certificate) as certificate from users`,
    );
    const sids = ["S-1-5-21-3625782215-3361047612-30284436-1013", "S-1-5-18", "S-1-0xfffffffffffe-2147483648"];
    const expected = employees.map(({ name, id, sid: bytes, photo: picture, serial }, at) => ({
      name,
      guid: id.replaceAll("-", "").toUpperCase(),
      guid_text: id,
      german: `${name} auf Deutsch`,
      sid: sids[at] ?? "S-1-5-21-3625782215-3361047612-30284436-127",
      sid_bytes: bytes.toString("hex").toUpperCase(),
      expires: [`2024-01-17 21:20:00${fraction}`, null, null, `1970-01-01 00:00:00${zeros}`][at],
      changed: `2026-11-23 12:45:01${micros}`,
      serial,
      amount: serial,
      locked: serial === "0" ? 1 : 0,
      photo: picture.toString("hex").toUpperCase(),
      certificate: bytes.toString("hex").toUpperCase(),
    }));
    const found = rows.map((row) => [row.guid, { ...row, locked: Number(row.locked) }]);
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected.map((each) => [each.guid, each])));
  });

  it("are unchanged for a second run", async () => {
    const { code, counts } = await work.here(["sync"]);
    expect([code, counts]).toEqual([
      0,
      {
        read: 4,
        inserted: 0,
        updated: 0,
        unchanged: 4,
        reactivated: 0,
        deactivated: 0,
        missing: 0,
        createdInactive: 0,
        rejected: 0,
      },
    ]);
  });

  it("are shown to people and machines in few characters that tell one picture from another", async () => {
    const [first, ...others] = employees;
    if (!first) throw new Error("nobody");
    const after = { ...first, photo: photo(100_000, 2), sid: sid("f6030000") };
    await writeFile(work.path("people.ldif"), ldif([after, ...others]));
    const digest = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex").slice(0, 12);
    const columns = {
      sid: { from: "S-1-5-21-3625782215-3361047612-30284436-1013", to: "S-1-5-21-3625782215-3361047612-30284436-1014" },
      sid_bytes: { from: `0x${first.sid.toString("hex")}`, to: `0x${after.sid.toString("hex")}` },
      photo: {
        from: `0xffd8ffe000104a46… (100000 bytes, sha256 ${digest(first.photo)})`,
        to: `0xffd8ffe000104a46… (100000 bytes, sha256 ${digest(after.photo)})`,
      },
      certificate: { from: `0x${first.sid.toString("hex")}`, to: `0x${after.sid.toString("hex")}` },
    };
    const change = { kind: "update", key: first.id, dn: `cn=any bytes,${base}`, columns };
    const shown = await work.run(["dry-run", "--changes", "changes.jsonl"]);
    expect(await jsonLines(work.path("changes.jsonl"))).toEqual([change]);
    expect(shown.stdout).toContain(`~ ${first.id}  cn=any bytes,${base}`);
    const folded = (bytes: Buffer) => `"0xffd8ffe000104a46… (100…${digest(bytes).slice(-10)})"`;
    expect(shown.stdout).toContain(`${folded(first.photo)} → ${folded(after.photo)}`);
    expect((await work.here(["dry-run"])).changes).toEqual([change]);

    const explained = await work.run(["explain", first.id]);
    expect(explained.code).toBe(0);
    expect(explained.stdout).toContain(`* photo        "${columns.photo.from}" → "${columns.photo.to}"`);
    expect(explained.stdout).toContain("thumbnailPhoto 0xffd8ffe000104a464946e900275ce900… (100000 bytes)");
    expect(explained.stdout).toContain(`objectGUID 0x${first.guid.toString("hex")} (16 bytes) | as guid "${first.id}"`);

    expect((await work.here(["sync"])).changes).toEqual([change]);
    expect((await work.here(["sync"])).counts).toMatchObject({ unchanged: 4, updated: 0 });
  });

  it("are explained as bytes where they happen to be UTF-8, and found by the GUID", async () => {
    const { stdout } = await work.run(["explain", "64636261-6665-0a67-0069-6a6b6c6d2020", "--json"]);
    const [explained] = JSON.parse(stdout).entries;
    expect(explained).toMatchObject({
      dn: `cn=letters,${base}`,
      key: "64636261-6665-0a67-0069-6a6b6c6d2020",
      row: { key: "64636261-6665-0a67-0069-6a6b6c6d2020", columns: { guid: "64636261-6665-0a67-0069-6a6b6c6d2020" } },
      would: { action: "none" },
    });
    const guid = explained.columns.find(({ column }: { column: string }) => column === "guid");
    expect(guid).toMatchObject({
      attributes: [{ name: "objectGUID", values: [{ base64: Buffer.from("abcdefg\n\0ijklm  ").toString("base64") }] }],
      result: "64636261-6665-0a67-0069-6a6b6c6d2020",
      now: "64636261-6665-0a67-0069-6a6b6c6d2020",
      differs: false,
    });
  });

  it("protect a row by its GUID", async () => {
    const changed = employees.map((each) => ({ ...each, serial: "7" }));
    await writeFile(work.path("people.ldif"), ldif(changed));
    await work.configure({ ...config, protect: [{ guid: "{64636261-6665-0A67-0069-6A6B6C6D2020}" }] });
    const { counts, changes } = await work.here(["dry-run"]);
    const { stderr } = await work.run(["dry-run"]);
    await work.configure(config);
    expect(counts).toMatchObject({ updated: 3, unchanged: 1 });
    expect(changes.map(({ dn }) => dn)).not.toContain(`cn=letters,${base}`);
    expect(stderr).toContain("64636261-6665-0a67-0069-6a6b6c6d2020");
  });

  it("keep a row from a new person of the same name, whose GUID is another", async () => {
    const [, second] = employees;
    if (!second) throw new Error("nobody");
    const stranger = {
      ...second,
      guid: Buffer.from("ABCDEFG\n\0ijklm  "),
      sid: Buffer.from("0100ffffffff0000", "hex"),
    };
    await writeFile(work.path("people.ldif"), ldif([stranger]));
    const { timeoutMs: _, ...target } = database.config("users", "name");
    const { guid_text: _text, ...rest } = mapping;
    await work.configure({ ...config, target, mapping: rest });
    const { rejects } = await work.here(["dry-run"]);
    await work.configure(config);
    const own = "44434241-4645-0a47-0069-6a6b6c6d2020";
    const reason = `the row with name "letters" belongs to another entry: its guid is ${second.id}, this entry's is ${own}`;
    expect(rejects).toEqual([{ dn: `cn=letters,${base}`, key: "letters", column: "guid", reason }]);
  });

  it("clash and are rejected in words that name them", async () => {
    const [first, second] = employees;
    if (!first || !second) throw new Error("nobody");
    const twin = { ...first, name: "twin", photo: second.photo };
    const thief = { ...second, name: "thief", guid: Buffer.alloc(16, 7), id: "" };
    await writeFile(work.path("people.ldif"), ldif([...employees, twin, thief]));
    const { rejects } = await work.here(["dry-run"]);
    expect(rejects).toEqual([
      {
        dn: `cn=twin,${base}`,
        key: first.id,
        column: "guid",
        reason: `guid "${first.id}" is also that of cn=any bytes,${base}, which was read first`,
      },
      {
        dn: `cn=thief,${base}`,
        key: "07070707-0707-0707-0707-070707070707",
        column: "sid_bytes",
        reason: `sid_bytes "0x010100000000000512000000" already belongs to the row with guid "${second.id}" (cn=letters,${base})`,
      },
    ]);
  });
});
