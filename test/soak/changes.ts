import { person } from "../servers/people.ts";
import { branches, type Company, dnOf, type Member, memberOf, parentOf, rdnOf } from "./company.ts";
import type { Random } from "./random.ts";

/** What happens in the directory between two runs, as LDIF change records. */
interface Change {
  readonly weight: number;
  /** Carries the change out among the members, and gives the records: none where nobody is there for it. */
  readonly of: (company: Company, random: Random) => string[];
}

type Values = readonly (string | Buffer)[];

/** RFC 2849; base64 may hold anything. */
const line = (name: string, value: string | Buffer): string => `${name}:: ${Buffer.from(value).toString("base64")}\n`;
const recordOf = (dn: string, changeType: string, ...lines: string[]): string =>
  `${line("dn", dn)}changetype: ${changeType}\n${lines.join("")}\n`;
const replacing = (dn: string, name: string, values: Values): string =>
  recordOf(dn, "modify", `replace: ${name}\n`, ...values.map((value) => line(name, value)));

const isActive = ({ active }: Member): boolean => active;
const one = (company: Company, random: Random, which: (member: Member) => boolean = isActive): Member[] =>
  random.some(company.members.filter(which), 1);

/** Texts of which no column, statement or log may make something else. */
const odd = [
  "O'Neill; DROP TABLE users; --",
  'C:\\temp\\"x" %s $HOME {uid} ?',
  "שלום \u202eabc\u202c مرحبا",
  "👩‍👩‍👧 𠮷田 e\u0301",
  "  two  spaces  before, between and behind  ",
  "tab\there, newline\nthere",
  "\u0001\u007f\u0085\u2028",
  "NULL",
  "ſtraße STRASSE",
  "0",
];

const texts = ["title", "l", "displayName", "givenName", "sn"];

/** An attribute that has no room in its column, and what is too much for it. */
const tooMuch: Readonly<Record<string, Values>> = {
  title: ["t".repeat(101)],
  displayName: ["😀".repeat(201)],
  departmentNumber: ["70000"],
  employeeNumber: ["12x"],
};
const proper: Readonly<Record<string, Values>> = {
  title: ["Engineer"],
  displayName: ["Well, Again"],
  departmentNumber: ["11"],
  employeeNumber: ["77"],
};

function entryOf(company: Company, member: Member): string {
  const { attributes } = person(member.index);
  const lines = Object.entries({ ...attributes, employeeType: ["active"] }).flatMap(([name, values]) =>
    values.map((value) => line(name, value)),
  );
  return recordOf(dnOf(member, company), "add", ...lines);
}

function renamed(company: Company, random: Random, member: Member): string {
  const before = dnOf(member, company);
  const name = `${random.some(["ünal", "o'neil, jr", 'x+y="z"', "#hash", "Møller;é", "li"], 1)[0]}${company.fresh()}`;
  member.uid = name;
  // The old name may stay as a second value: the one of the RDN counts.
  return recordOf(before, "modrdn", line("newrdn", rdnOf(name)), `deleteoldrdn: ${random.between(0, 1)}\n`);
}

/** They pass their addresses on, each to the next; the last one's goes to the first. */
function passed(company: Company, people: readonly Member[]): string[] {
  const mails = people.map((member) => member.mails);
  return people.map((member, at) => {
    member.mails = mails[(at + 1) % people.length] ?? [];
    return replacing(dnOf(member, company), "mail", member.mails);
  });
}

function given(company: Company, member: Member, mails: readonly string[]): string {
  member.mails = mails;
  return replacing(dnOf(member, company), "mail", mails);
}

function settleDown(company: Company, member: Member, active: boolean): string {
  member.active = active;
  return replacing(dnOf(member, company), "employeeType", [active ? "active" : "inactive"]);
}

const changes = {
  "somebody joins": {
    weight: 4,
    of: (company) => {
      const member = { ...memberOf(company.fresh()), active: true };
      company.members.push(member);
      return [entryOf(company, member)];
    },
  },
  "a value changes": {
    weight: 12,
    of: (company, random) =>
      one(company, random).map((member) => {
        const name = random.some(texts, 1)[0] ?? "title";
        return replacing(dnOf(member, company), name, [`${name} ${company.fresh()}`]);
      }),
  },
  "a value becomes odd": {
    weight: 5,
    of: (company, random) =>
      one(company, random).map((member) =>
        replacing(dnOf(member, company), random.some(texts, 1)[0] ?? "title", random.some(odd, 1)),
      ),
  },
  "values go": {
    weight: 2,
    of: (company, random) =>
      one(company, random).map((member) =>
        replacing(dnOf(member, company), random.some(["title", "l", "displayName", "telephoneNumber"], 1)[0] ?? "", []),
      ),
  },
  "phones change": {
    weight: 3,
    of: (company, random) =>
      one(company, random).map((member) =>
        replacing(dnOf(member, company), "telephoneNumber", ["+1 555 0100", "+1 555 0199", `+1 ${company.fresh()}`]),
      ),
  },
  "somebody is renamed": {
    weight: 4,
    of: (company, random) => one(company, random).map((member) => renamed(company, random, member)),
  },
  "somebody moves": {
    weight: 3,
    of: (company, random) =>
      one(company, random).map((member) => {
        const before = dnOf(member, company);
        member.branch =
          random.some(
            branches.filter((branch) => branch !== member.branch),
            1,
          )[0] ?? "";
        const lines = [line("newrdn", rdnOf(member.uid)), "deleteoldrdn: 1\n"];
        return recordOf(before, "modrdn", ...lines, line("newsuperior", parentOf(member.branch, company)));
      }),
  },
  "somebody becomes inactive": {
    weight: 4,
    of: (company, random) => one(company, random).map((member) => settleDown(company, member, false)),
  },
  "somebody becomes active again": {
    weight: 5,
    of: (company, random) =>
      one(company, random, ({ active }) => !active).map((member) => settleDown(company, member, true)),
  },
  "an entry is deleted": {
    weight: 3,
    of: (company, random) =>
      one(company, random, () => true).map((member) => {
        company.members.splice(company.members.indexOf(member), 1);
        company.left.push(member);
        return recordOf(dnOf(member, company), "delete");
      }),
  },
  "somebody is entered anew": {
    weight: 1,
    of: (company, random) =>
      random.some(company.left, 1).map(({ index, uid }) => {
        company.left.splice(
          company.left.findIndex((each) => each.index === index),
          1,
        );
        const member = { ...memberOf(index), active: true };
        // Under the name of old, which its former row still has, or under another one.
        if (uid !== member.uid || company.members.some((each) => each.uid === uid))
          member.uid = `again${company.fresh()}`;
        company.members.push(member);
        return entryOf(company, member).replace(line("uid", memberOf(index).uid), line("uid", member.uid));
      }),
  },
  "an address is new": {
    weight: 3,
    of: (company, random) =>
      one(company, random).map((member) => given(company, member, [` New.${company.fresh()}@Example.COM `])),
  },
  "an address is passed on": {
    weight: 4,
    of: (company, random) => {
      const [giver, taker] = random.some(company.members.filter(isActive), 2);
      if (!giver || !taker) return [];
      const mails = giver.mails;
      return [given(company, giver, [`left.${company.fresh()}@example.com`]), given(company, taker, mails)];
    },
  },
  "addresses are exchanged": {
    weight: 4,
    of: (company, random) => passed(company, random.some(company.members.filter(isActive), random.between(2, 5))),
  },
  "two have one address": {
    weight: 1,
    of: (company, random) => {
      const [holder, other] = random.some(company.members.filter(isActive), 2);
      if (!holder || !other || other.spoilt !== undefined) return [];
      other.spoilt = "mail";
      return [given(company, other, holder.mails)];
    },
  },
  "a value does not fit": {
    weight: 1,
    of: (company, random) =>
      one(company, random, (member) => member.active && member.spoilt === undefined).map((member) => {
        const name = random.some(Object.keys(tooMuch), 1)[0] ?? "title";
        member.spoilt = name;
        return replacing(dnOf(member, company), name, tooMuch[name] ?? []);
      }),
  },
  "a value is mended": {
    weight: 5,
    of: (company, random) =>
      one(company, random, ({ spoilt }) => spoilt !== undefined).map((member) => {
        const name = member.spoilt ?? "";
        member.spoilt = undefined;
        if (name === "mail") return given(company, member, [`own.${company.fresh()}@example.com`]);
        return replacing(dnOf(member, company), name, proper[name] ?? []);
      }),
  },
  "each third has another title": {
    weight: 1,
    of: (company, random) =>
      random
        .some(company.members.filter(isActive), Math.floor(company.members.length / 3))
        .filter(({ spoilt }) => spoilt !== "title")
        .map((member) => replacing(dnOf(member, company), "title", [`Reorganised ${company.fresh()}`])),
  },
} as const satisfies Record<string, Change>;

/** A day in the directory: LDIF change records. */
export const aDay = (company: Company, random: Random): string[] =>
  Array.from({ length: random.between(0, 14) }, () => random.weighted(changes)).flatMap((name) =>
    changes[name].of(company, random),
  );
