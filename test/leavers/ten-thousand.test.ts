import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { inProcess } from "../in-process.ts";
import { instanceFolder } from "../servers/folder.ts";
import { type Mariadb, startMariadb } from "../servers/mariadb.ts";
import { peopleLdif, person } from "../servers/people.ts";
import { type Slapd, startSlapd } from "../servers/slapd.ts";
import { staffConfig, staffTable } from "../staff.ts";
import { inShort } from "./house.ts";

/** Two of ten thousand leave, and come back: one entry is moved out of the base, the other one is closed. */

const count = 10_000;
let slapd: Slapd;
let mariadb: Mariadb;
let folder: string;
const active = Array.from({ length: count }, (_, i) => person(i)).filter((each) => each.active);
const [moved = person(0), closed = person(0)] = active.slice(100);

beforeAll(async () => {
  slapd = await startSlapd({ people: peopleLdif({ count }) });
  mariadb = await startMariadb();
  await mariadb.sql(staffTable);
  await mariadb.sql("create table user_roles (user_id int unsigned, role varchar(20), key (user_id))");
  folder = await instanceFolder("staff-");
  await configure();
});
afterAll(async () => {
  await slapd?.stop();
  await mariadb?.stop();
});

async function configure(changes: object = {}): Promise<void> {
  const { source, target, ...rest } = staffConfig(slapd, mariadb);
  const config = {
    ...rest,
    source: { ...source, bindPassword: slapd.syncPassword, ...changes },
    target: { ...target, connection: { ...target.connection, password: mariadb.password } },
    leavers: {
      action: "deactivate",
      scope: { created_by: "sync" },
      related: [{ table: "user_roles", key: "user_id", delete: true }],
    },
  };
  await writeFile(join(folder, ".syncrc.json"), JSON.stringify(config), { mode: 0o600 });
}

const run = (...args: string[]) => inProcess(folder, args);
const states = async () =>
  Object.fromEntries(
    (await mariadb.sql("select state, count(*) as n from users group by state")).map(({ state, n }) => [
      state,
      Number(n),
    ]),
  );
const base64 = (dn: string): string => `dn:: ${Buffer.from(dn).toString("base64")}`;

it("two are deactivated with their related rows, and nothing else is written", async () => {
  expect(inShort(await run("sync"))).toBe(`0 inserted ${active.length}`);
  await mariadb.sql("insert into user_roles select id, 'reader' from users union all select id, 'writer' from users");
  await slapd.modify(
    `${base64(moved.dn)}\nchangetype: modrdn\nnewrdn: uid=${moved.uid}\ndeleteoldrdn: 0\nnewsuperior: ${slapd.suffix}\n\n` +
      `${base64(closed.dn)}\nchangetype: modify\nreplace: employeeType\nemployeeType: inactive\n\n`,
  );
  const dry = await run("dry-run");
  const { document, code } = await run("sync");
  expect([code, document.counts.deactivated, document.counts.unchanged]).toEqual([0, 2, active.length - 2]);
  expect(document.changes.map(({ kind, related }: Record<string, unknown>) => [kind, related])).toEqual([
    ["deactivate", { user_roles: 2 }],
    ["deactivate", { user_roles: 2 }],
  ]);
  expect([dry.document.counts, dry.document.changes]).toEqual([document.counts, document.changes]);
  expect(await states()).toEqual({ active: active.length - 2, inactive: 2 });
  const left = await mariadb.sql("select username as u from users where state = 'inactive' order by 1");
  expect(left.map(({ u }) => u)).toEqual([moved.uid, closed.uid].sort());
  expect(await mariadb.sql("select count(*) as n from user_roles")).toEqual([{ n: 2 * (active.length - 2) }]);
});

it.each([
  ["a filter that drops nine people in ten (M14)", { filter: "(&(objectClass=inetOrgPerson)(uid=*7))" }, 4],
  ["a rule that finds nobody active (M6)", { active: "(employeeType=nobody)" }, 4],
  ["a wrong base (M12)", { baseDn: "ou=peple,dc=example,dc=com" }, 1],
  ["a wrong password (M8, M16)", { bindPassword: "wrong" }, 1],
  ["a dead server (M1, M3, M10)", { url: "ldap://127.0.0.1:1" }, 1],
  ["a canary that is missing", { mustContain: ["uid=canary,ou=people,dc=example,dc=com"] }, 1],
])("nobody is deactivated by %s", async (_, changes, code) => {
  await configure(changes);
  const ended = await run("sync");
  expect([ended.code, ended.document.counts.deactivated]).toEqual([code, 0]);
  if (code === 1) expect(ended.document.error.hint).toMatch(/nobody was deactivated: the read is not complete/);
  expect(await states()).toEqual({ active: active.length - 2, inactive: 2 });
});

it("they return, and two are reactivated", async () => {
  await configure();
  await slapd.modify(
    `dn: uid=${moved.uid},${slapd.suffix}\nchangetype: modrdn\nnewrdn: uid=${moved.uid}\ndeleteoldrdn: 0\nnewsuperior: ou=people,${slapd.suffix}\n\n` +
      `${base64(closed.dn)}\nchangetype: modify\nreplace: employeeType\nemployeeType: active\n\n`,
  );
  const back = await run("sync");
  expect(inShort(back)).toBe(`0 updated 2 unchanged ${active.length - 2} reactivated 2`);
  expect(await states()).toEqual({ active: active.length });
  expect(inShort(await run("sync"))).toBe(`0 unchanged ${active.length}`);
});
