/** The people of the tests of whole directories are those of `servers/people.ts`; here is what their accounts are. */

const count = 3000;

export const everybody: readonly number[] = Array.from({ length: count }, (_, index) => index);

/** Of 37 people in a row, the first have one kind of account each, the others an ordinary one. */
export const kindOf = <Kind extends string>(kinds: Readonly<Record<Kind, unknown>>, index: number): Kind | undefined =>
  (Object.keys(kinds) as Kind[])[index % 37];

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** A change record (RFC 2849) that renames an entry, and moves it where it is said where to. */
export const modrdn = (dn: string, newRdn: string, newSuperior?: string): string =>
  [
    ...[`dn:: ${base64(dn)}`, "changetype: modrdn", `newrdn:: ${base64(newRdn)}`, "deleteoldrdn: 1"],
    ...(newSuperior === undefined ? [] : [`newsuperior:: ${base64(newSuperior)}`]),
    ...["", ""],
  ].join("\n");

/** Six to be renamed and six to be moved: they have an ordinary account, are nobody's manager, and not in Zürich yet. */
export function someOf(kinds: Readonly<Record<string, unknown>>) {
  const some = everybody.filter(
    (index) => kindOf(kinds, index) === undefined && index > count / 10 && index % 40 !== 7,
  );
  return { renamed: some.slice(0, 6), moved: some.slice(6, 12) };
}
