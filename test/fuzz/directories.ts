import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { recordsIn } from "../servers/ldif.ts";
import { baseLdif, record } from "../servers/people.ts";
import { type Slapd, startSlapd } from "../servers/slapd.ts";
import type { Taste } from "./hostile.ts";
import { hostileLdif } from "./ldif.ts";
import { base, type HostilePerson } from "./people.ts";
import type { Random } from "./random.ts";

/** A directory that holds people, and where each of them is in it. */
interface Directory {
  readonly taste: Taste;
  /** Makes it hold these people; gives the DNs as the directory spells them, in the order in which it is read. */
  hold(people: readonly HostilePerson[]): Promise<ReadonlyMap<string, HostilePerson>>;
  readonly source: () => object;
  stop(): Promise<void>;
}

function ldifDirectory(folder: string, random: Random): Directory {
  return {
    taste: { invalid: 0.01 },
    hold: async (people) => {
      await writeFile(join(folder, "people.ldif"), hostileLdif(random, people, base));
      return new Map(people.map((person) => [person.dn, person]));
    },
    source: () => ({ url: "file:people.ldif" }),
    stop: async () => {},
  };
}

function slapdDirectory(): Directory {
  let slapd: Slapd | undefined;
  return {
    taste: { invalid: 0.004, forSlapd: true },
    hold: async (people) => {
      await slapd?.stop();
      const objectClass = [Buffer.from("inetOrgPerson")];
      const records = people.map(({ dn, attributes }) =>
        record(dn, { objectClass, sn: [Buffer.from("x")], ...attributes }),
      );
      slapd = await startSlapd({ people: [baseLdif(), ...records] });
      const read = recordsIn(await slapd.search(["(objectClass=inetOrgPerson)", "employeeNumber"]));
      expect(read).toHaveLength(people.length);
      return new Map(
        read.map(({ dn, attributes }) => [dn, people[Number(attributes.employeeNumber?.[0])] as HostilePerson]),
      );
    },
    source: () => ({ url: slapd?.url, bindDn: slapd?.syncDn, bindPassword: slapd?.syncPassword, pageSize: 300 }),
    stop: async () => slapd?.stop(),
  };
}

/** Both kinds of source. */
export const directories = { "an LDIF file": ldifDirectory, slapd: slapdDirectory };
