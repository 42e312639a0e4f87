import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { watchAbsence } from "../src/absent.ts";
import { openStrangers } from "../src/leavers/strangers.ts";
import { tally } from "../src/report/tally.ts";
import { retryOf } from "../src/retry.ts";
import { openSource } from "../src/source/open.ts";
import { sync } from "../src/sync.ts";
import { withLookUps } from "./look-ups.ts";
import { opened } from "./opened.ts";
import { type Attributes, base, fileConfig, fileWorkspace, type Workspace } from "./program.ts";
import { baseLdif, record } from "./servers/people.ts";
import { type Slapd, startSlapd } from "./servers/slapd.ts";

/** A whole run, with the keys that it has looked up in each batch, and who was a stranger in it. */
async function runWithStrangers(work: Workspace, batchSize = 500) {
  const { config, target, sources, plan, signal } = await opened(work);
  const strangers = openStrangers(plan);
  const { attributes, whose } = plan;
  const source = openSource(
    sources,
    { attributes, whose },
    () => {},
    (entry) => strangers.doubt(entry),
  );
  const { lookedUp, watching } = withLookUps(target);
  const counted = tally();
  const rejects: string[] = [];
  await sync({
    source,
    plan,
    target: watching,
    report: (event) => {
      counted.report(event);
      if (event.type === "reject") rejects.push(event.reject.dn);
    },
    retry: retryOf(config, () => {}, signal),
    batchSize,
    mostRejects: 1000,
    signal,
    absence: watchAbsence([]),
    strangers,
  });
  await target.close();
  return { strangers, lookedUp, rejects, counts: counted.counts() };
}

describe("strangers of a read", () => {
  const uuid = (digit: number) => `00000000-0000-4000-8000-00000000000${digit}`;
  const dnOf = (cn: string) => `cn=${cn},${base}`;
  const person = (cn: string, digit: number, more: Attributes = {}) =>
    record(dnOf(cn), {
      objectClass: ["inetOrgPerson", "user"],
      cn: [cn],
      sn: [cn],
      uid: [cn],
      mail: [`${cn}@example.com`],
      userAccountControl: ["512"],
      entryUUID: [uuid(digit)],
      ...more,
    });
  const people = [
    person("anna", 1),
    person("bert", 2),
    person("carl", 3),
    person("dora", 4),
    person("emil", 5, { mail: [] }),
    person("fred", 6),
    person("gina", 7, { uid: ["Anna"] }),
  ];
  /** Whose attributes are hidden. */
  const hidden = {
    userAccountControl: ["bert", "carl", "dora"],
    uid: ["carl", "dora", "fred"],
    entryUUID: ["dora"],
  };
  const limits = Object.entries(hidden).flatMap(([attribute, cns]) =>
    cns.map((cn) => `access to dn.exact="${dnOf(cn)}" attrs=${attribute} by * none`),
  );
  const integer = "EQUALITY integerMatch ORDERING integerOrderingMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27";
  const schema = ["userAccountControl", "accountExpires"].map(
    (name, at) => `attributetype ( 1.2.840.113556.1.4.${[8, 159][at]} NAME '${name}' ${integer} SINGLE-VALUE )`,
  );
  const user =
    "objectclass ( 1.2.840.113556.1.5.9 NAME 'user' SUP top AUXILIARY MAY ( userAccountControl $ accountExpires ) )";

  let slapd: Slapd;
  beforeAll(async () => {
    slapd = await startSlapd({ people: [baseLdif(), ...people].join(""), global: [...schema, user], limits });
  });
  afterAll(() => slapd?.stop());

  it("are those whose keys are shown, those whose id is known, and those of whom nothing is", async () => {
    const source = { url: slapd.url, baseDn: base, filter: "(objectClass=inetOrgPerson)", active: "active-directory" };
    const mapping = { ...fileConfig().mapping, email: { attribute: "mail", required: true } };
    const work = await fileWorkspace({}, { source, mapping });
    const { strangers, lookedUp, rejects, counts } = await runWithStrangers(work);
    expect({
      keyless: strangers.keyless,
      byIdAlone: strangers.byIdAlone,
      has: [1, 2, 3, 4, 5, 6, 7].filter((digit) => strangers.has(uuid(digit).toUpperCase())),
      lookedUp: lookedUp[0]?.toSorted(),
      rejects: rejects.toSorted(),
      counts: [counts.inserted, counts.rejected],
    }).toEqual({
      keyless: { count: 1, dns: [dnOf("dora")] },
      byIdAlone: 2,
      has: [2, 3, 5, 6, 7],
      lookedUp: ["Anna", "anna", "bert", "emil"],
      rejects: ["emil", "fred", "gina"].map(dnOf),
      counts: [1, 3],
    });
  });
});

it("looks up those of whom nothing is known in batches, also where nobody at all is active", async () => {
  const zero = { shadowExpire: ["0"] };
  const people = Array.from({ length: 1000 }, (_, at) => [`uid=u${at}`, { uid: [`u${at}`], ...zero }] as const);
  const work = await fileWorkspace(Object.fromEntries(people), {
    source: { ...fileConfig().source, active: "shadow" },
  });
  const { lookedUp, counts } = await runWithStrangers(work, 300);
  expect([lookedUp.map(({ length }) => length), counts.read]).toEqual([[300, 300, 300, 100], 0]);
});
