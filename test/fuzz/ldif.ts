import type { HostilePerson } from "./people.ts";
import type { Random } from "./random.ts";

/**
 * The people as an LDIF file, in every way that RFC 2849 and the program's README allow: with and without base64, folded
 * anywhere (within a character too), line ends of both kinds, comments, names in any letter case.
 */
export function hostileLdif(random: Random, people: readonly HostilePerson[], base: string): Buffer {
  const lines: Buffer[] = [];
  const put = (line: Buffer) => {
    for (let at = 0; ; ) {
      const length = random.chance(0.9) ? line.length - at : 1 + random.below(line.length - at);
      lines.push(
        Buffer.from(at > 0 ? " " : ""),
        line.subarray(at, at + length),
        Buffer.from(random.chance(0.2) ? "\r\n" : "\n"),
      );
      at += length;
      if (at >= line.length) return;
    }
  };
  const attribute = (name: string, value: Buffer) => {
    const spelt = random.chance(0.1) ? name.toUpperCase() : name;
    const plain = isPlain(value) && random.chance(0.7);
    if (random.chance(0.02)) put(Buffer.from(`# ${spelt}: a comment`));
    put(
      plain ? Buffer.concat([Buffer.from(`${spelt}: `), value]) : Buffer.from(`${spelt}:: ${value.toString("base64")}`),
    );
  };
  const end = () => lines.push(Buffer.from(random.chance(0.1) ? "\n\n" : "\n"));
  attribute("dn", Buffer.from(base));
  attribute("objectClass", Buffer.from("organizationalUnit"));
  end();
  for (const { dn, attributes } of people) {
    attribute("dn", Buffer.from(dn));
    attribute("objectClass", Buffer.from("inetOrgPerson"));
    for (const [name, values] of Object.entries(attributes)) for (const value of values) attribute(name, value);
    end();
  }
  return Buffer.concat(lines);
}

/** Whether it may stand as it is: other bytes than ASCII too, and spaces at the end. */
const isPlain = (value: Buffer): boolean => !/^[ :<]|[\0\r\n]/.test(value.toString("latin1"));
