import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bin, jsonLines, type Workspace, workspace } from "./program.ts";
import { outcomeOf } from "./servers/command.ts";
import { type Mariadb, startMariadb } from "./servers/mariadb.ts";
import { baseLdif, record } from "./servers/people.ts";
import { type Slapd, startSlapd } from "./servers/slapd.ts";
import { passwords } from "./staff.ts";

const people = 150;
const suffix = "dc=example,dc=com";
/** A picture of a megabyte for each, the same but for its last bytes. */
const photo = (index: number): Buffer => {
  const bytes = Buffer.alloc(1_000_000, "\xff\xd8\0'\\", "latin1");
  bytes.writeUInt32BE(index, bytes.length - 4);
  return bytes;
};
const uid = (index: number): string => `p${String(index).padStart(4, "0")}`;

function* ldif(): Generator<string> {
  yield baseLdif(suffix);
  for (let index = 0; index < people; index += 1) {
    yield record(`uid=${uid(index)},ou=people,${suffix}`, {
      objectClass: ["inetOrgPerson"],
      uid: [uid(index)],
      cn: [uid(index)],
      "cn;lang-de": [`Person ${index}`],
      "description;x-b;lang-en": [`person ${index}`],
      sn: ["x"],
      jpegPhoto: [photo(index)],
    });
  }
}

describe(`${people} people in OpenLDAP with a picture of a megabyte each`, () => {
  let slapd: Slapd;
  let mariadb: Mariadb;
  let work: Workspace;
  beforeAll(async () => {
    slapd = await startSlapd({ people: ldif(), suffix, global: ["attributeoptions lang- x-"] });
    mariadb = await startMariadb();
    await mariadb.sql(
      "create table users (username varchar(64) primary key, german varchar(50), english varchar(50), photo longblob)",
    );
    work = await workspace();
    await work.configure({
      source: {
        url: slapd.url,
        bindDn: slapd.syncDn,
        bindPassword: { env: "LDAP_PASSWORD" },
        baseDn: `ou=people,${suffix}`,
        filter: "(objectClass=inetOrgPerson)",
      },
      target: {
        client: "mysql2",
        connection: {
          host: mariadb.host,
          port: mariadb.port,
          user: mariadb.user,
          password: { env: "DB_PASSWORD" },
          database: mariadb.database,
        },
        table: "users",
        matchKey: "username",
      },
      mapping: {
        username: "uid",
        german: "CN;Lang-DE",
        english: "description;lang-EN;x-b",
        photo: { attribute: "jpegPhoto", as: "binary" },
      },
    });
  });
  afterAll(async () => {
    await slapd?.stop();
    await mariadb?.stop();
  });

  /** Runs a sync under GNU time; gives its counts and its largest memory in MiB. */
  async function measured() {
    const report = work.path("time");
    const command = ["/usr/bin/time", "-f", "%M", "-o", report, process.execPath, bin, "sync", "--json"];
    const env = { ...process.env, ...passwords(slapd, mariadb), XDG_STATE_HOME: work.path("state") };
    const { code, stdout, stderr } = await outcomeOf(command, { cwd: work.folder, env });
    if (code !== 0) throw new Error(stdout + stderr);
    const [peak = 0] = (await jsonLines(report)) as number[];
    return { counts: JSON.parse(stdout).counts, peak: peak / 1024 };
  }

  it.each([
    ["arrive whole in the first run", { inserted: people, updated: 0, unchanged: 0 }],
    ["are unchanged for the second", { inserted: 0, updated: 0, unchanged: people }],
  ])("%s, in memory that does not hold all of them several times", async (_, expected) => {
    const { counts, peak } = await measured();
    expect(counts).toMatchObject({ ...expected, read: people, rejected: 0 });
    expect(peak).toBeLessThan(640);
    const rows = await mariadb.sql(
      "select username, german, english, sha2(photo, 256) as digest from users order by 1",
    );
    expect(rows).toEqual(
      Array.from({ length: people }, (_, index) => ({
        username: uid(index),
        german: `Person ${index}`,
        english: `person ${index}`,
        digest: createHash("sha256").update(photo(index)).digest("hex"),
      })),
    );
  });
});
