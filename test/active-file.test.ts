import { expect, it } from "vitest";
import { noCounts } from "./counts.ts";
import { base, fileConfig, fileWorkspace, type Workspace } from "./program.ts";

/** The preset for Active Directory on an exported file, through the commands. */

const user = (uid: string, attributes: Record<string, string[]> = {}) => ({
  objectClass: ["inetOrgPerson", "user"],
  uid: [uid],
  ...attributes,
});
const enabled = (uid: string, attributes: Record<string, string[]> = {}) =>
  user(uid, { userAccountControl: ["66048"], ...attributes });

const people = {
  "uid=anna": enabled("anna", { accountExpires: ["0"] }),
  "uid=bert": user("bert", { userAccountControl: ["66050"] }),
  "uid=carl": enabled("carl", { accountExpires: ["133000000000000000"] }),
  "uid=dora": enabled("dora", { accountExpires: ["9223372036854775807"], employeeType: ["guest"] }),
  "uid=emil": user("emil"),
  "uid=fred": user("fred"),
};

const withActive = (active: unknown): Promise<Workspace> =>
  fileWorkspace(people, { source: { ...fileConfig().source, active } });

const dn = (uid: string) => `uid=${uid},${base}`;
const why = "userAccountControl cannot be read";
const notice = `2 entries are left alone, because it is not known whether they are active: ${why} (${dn("emil")} and ${dn("fred")})`;

it("a sync leaves those alone of whom it is not known, and names them", async () => {
  const work = await withActive("active-directory");
  const { code, counts, changes, unknown, notices } = await work.here(["sync"]);
  expect({ code, counts, keys: changes.map(({ key }) => key), unknown, notices }).toEqual({
    code: 0,
    counts: { ...noCounts, read: 2, inserted: 2 },
    keys: ["anna", "dora"],
    unknown: ["emil", "fred"].map((key) => ({ dn: dn(key), key, reason: why })),
    notices: [notice],
  });
  const { stdout, stderr } = await work.run(["sync"]);
  expect(stdout).toContain(`  active     active-directory\n`);
  expect(stdout).toContain(`  notice     ${notice}\n`);
  expect(stderr).toContain(`warning: ${notice}\n`);
});

it("the JSON document holds as many of them as is asked for, and counts all", async () => {
  const { unknown, notices } = await (await withActive("active-directory")).here(["dry-run", "--limit", "1"]);
  expect([unknown.map(({ key }) => key), notices]).toEqual([["emil"], [notice]]);
});

it("a run in which it is known of nobody is refused, as one that reads nobody", async () => {
  const work = await withActive("active-directory");
  await work.run(["sync"]);
  await work.configure(
    fileConfig({ source: { ...fileConfig().source, active: { and: ["active-directory", "(uid=emil)"] } } }),
  );
  const { code, outcome, notices } = await work.here(["sync"]);
  expect([code, outcome, notices.length]).toEqual([4, "refused", 1]);
});

it("check counts them", async () => {
  const { stdout } = await (await withActive("active-directory")).run(["check"]);
  expect(stdout).toContain("6 entries match (objectClass=inetOrgPerson), 2 active by active-directory\n");
  expect(stdout).toContain(`  ${notice}\n`);
});

it.each([
  [
    "anna",
    "yes",
    [
      '✓ (objectClass=user): the entry has "inetOrgPerson", "user"',
      `✓ the account is not a computer's or a trust's: the entry has "66048" = DONT_EXPIRE_PASSWORD, NORMAL_ACCOUNT`,
      '✓ ACCOUNTDISABLE is not set: the entry has "66048" = DONT_EXPIRE_PASSWORD, NORMAL_ACCOUNT',
      '✓ the account has not expired at NOW: the entry has "0" = never',
      '✓ (!(employeeType=guest)): the entry has "active"',
    ],
    [],
  ],
  [
    "bert",
    "no ",
    ['✗ ACCOUNTDISABLE is not set: the entry has "66050" = DONT_EXPIRE_PASSWORD, NORMAL_ACCOUNT, ACCOUNTDISABLE'],
    ["source.active does not match"],
  ],
  [
    "carl",
    "no ",
    ['✗ the account has not expired at NOW: the entry has "133000000000000000" = 2022-06-18 04:26:40 UTC'],
    ["source.active does not match"],
  ],
  ["dora", "no ", ['✗ (!(employeeType=guest)): the entry has "guest"'], ["source.active does not match"]],
  [
    "emil",
    "not known",
    [
      `? the account is not a computer's or a trust's: the entry has no value; ${why}`,
      `? ACCOUNTDISABLE is not set: the entry has no value; ${why}`,
    ],
    [`whether it is active is not known (${why}): it is left alone, and is no leaver`],
  ],
])("explain shows what decides for %s", async (key, verdict, parts, because) => {
  const work = await withActive({ and: ["active-directory", { not: "(employeeType=guest)" }] });
  const { stdout } = await work.run(["explain", key]);
  const said = stdout.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/, "NOW");
  const lines = [
    `  active  ${verdict}  active-directory and not (employeeType=guest)`,
    ...parts.map((part) => `            ${part}`),
  ];
  expect(said).toContain(`${lines.join("\n")}\n  row `);
  for (const line of because) expect(said).toContain(`          ${line}\n`);
});

it("explain gives it as data", async () => {
  const work = await withActive("active-directory");
  const { stdout } = await work.run(["explain", "emil", "--json"]);
  const part = (filter: string, words: string) => ({ filter, words, matched: false, unknown: why, values: [] });
  const [entry] = JSON.parse(stdout).entries;
  expect([entry.active, entry.would.action]).toEqual([
    {
      rule: "active-directory",
      filter: "(objectClass=user)",
      matched: false,
      unknown: why,
      parts: [
        part("(!(userAccountControl:1.2.840.113556.1.4.804:=14336))", "the account is not a computer's or a trust's"),
        part("(!(userAccountControl:1.2.840.113556.1.4.803:=2))", "ACCOUNTDISABLE is not set"),
      ],
    },
    "not read",
  ]);
});

/** A file has no schema, so that anything may stand there. */
const odd = {
  userAccountControl: [
    "",
    " 512",
    "512 ",
    "0x200",
    "+512",
    "abc",
    "5.0",
    "18446744073709551616",
    "99999999999999999999999",
  ],
  accountExpires: ["", " 0", "abc", "1e18", "+5", "0x7FFFFFFFFFFFFFFF", "1.5", "99999999999999999999999999"],
  krbPrincipalExpiration: ["", "never", "-", "2026"],
} as const;

const ofWhom = Object.entries(odd).flatMap(([attribute, values]) => values.map((value) => ({ attribute, value })));
const presetOf = (attribute: string) => (attribute.startsWith("krb") ? "freeipa" : "active-directory");

it.each(["active-directory", "freeipa"])(
  "of whoever has a value that cannot be read nothing is known: %s",
  async (preset) => {
    const rows = ofWhom.filter(({ attribute }) => presetOf(attribute) === preset);
    const entries = Object.fromEntries(
      rows.map(({ attribute, value }, at) => [`uid=p${at}`, enabled(`p${at}`, { [attribute]: [value] })]),
    );
    const everybody = { ...entries, "uid=zoe": enabled("zoe", { accountExpires: ["00"] }) };
    for (const [active, keys] of [
      [preset, ["zoe"]],
      [{ not: preset }, []],
    ] as const) {
      const work = await fileWorkspace(everybody, { source: { ...fileConfig().source, active } });
      const { changes, unknown } = await work.here(["dry-run"]);
      expect(unknown.map(({ key, reason }) => [key, reason.split(" is ")[0]])).toEqual(
        rows.map(({ attribute, value }, at) => [
          `p${at}`,
          // The LDIF reader gives no attribute without a value.
          value === "" ? expect.any(String) : attribute,
        ]),
      );
      expect(changes.map(({ key }) => key)).toEqual(keys);
    }
  },
);

it("an instant with an offset is the same instant for a sync as for explain", async () => {
  const inFourHours = new Date(Date.now() + 4 * 3_600_000 - 5 * 3_600_000)
    .toISOString()
    .slice(0, 19)
    .replace(/[-T:]/g, "");
  const people = { "uid=anna": user("anna", { krbPrincipalExpiration: [`${inFourHours}-0500`] }) };
  const work = await fileWorkspace(people, { source: { ...fileConfig().source, active: "freeipa" } });
  expect((await work.here(["dry-run"])).counts).toMatchObject({ read: 1, inserted: 1 });
  expect((await work.run(["explain", "anna"])).stdout).toContain("insert");
});
