/** Access control of Active Directory, as far as reading goes ([MS-DTYP] sections 2.4 and 2.5.3.2, [MS-ADTS] section 5.1.3). */

export const rights = { readProperty: 0x10, controlAccess: 0x100 } as const;

const [genericRead, genericAll] = [0x80000000, 0x10000000];
/** Types of entries of a list; those with a GUID are for one attribute or one set of them. */
const types: ReadonlyMap<number, { readonly allows: boolean; readonly forObject: boolean }> = new Map([
  [0, { allows: true, forObject: false }],
  [1, { allows: false, forObject: false }],
  [5, { allows: true, forObject: true }],
  [6, { allows: false, forObject: true }],
]);
const inheritOnly = 0x08;
const daclPresent = 0x04;

/** Who asks, and for what. */
export interface Asker {
  /** The SIDs of the one who asks and of the groups he is in, in hexadecimal digits. */
  readonly sids: ReadonlySet<string>;
  /** The GUIDs of an attribute and of the set that it is in, likewise. */
  readonly guids: ReadonlySet<string>;
}

/** Whether a security descriptor grants a right: the first entry of its list that is about it decides. */
export function grants(descriptor: Buffer, right: number, asker: Asker): boolean {
  const start = descriptor.readUInt32LE(16);
  // Without a list everything is allowed.
  if ((descriptor.readUInt16LE(2) & daclPresent) === 0 || start === 0) return true;
  const count = descriptor.readUInt16LE(start + 4);
  for (let at = start + 8, read = 0; read < count; read += 1) {
    const size = descriptor.readUInt16LE(at + 2);
    const verdict = verdictOf(descriptor.subarray(at, at + size), right, asker);
    if (verdict !== undefined) return verdict;
    at += size;
  }
  return false;
}

function verdictOf(entry: Buffer, right: number, { sids, guids }: Asker): boolean | undefined {
  const type = types.get(entry[0] ?? -1);
  if (type === undefined || ((entry[1] ?? 0) & inheritOnly) !== 0) return undefined;
  const mask = entry.readUInt32LE(4);
  const meant = [right, genericAll, ...(right === rights.readProperty ? [genericRead] : [])];
  if (!meant.some((each) => (mask & each) !== 0)) return undefined;
  const parts = type.forObject ? entry.readUInt32LE(8) : 0;
  const [isForOne, isForHeirs] = [(parts & 1) !== 0, (parts & 2) !== 0];
  if (isForOne && !guids.has(entry.toString("hex", 12, 28))) return undefined;
  const sid = (type.forObject ? 12 : 8) + (isForOne ? 16 : 0) + (isForHeirs ? 16 : 0);
  const end = sid + 8 + 4 * (entry[sid + 1] ?? 0);
  return sids.has(entry.toString("hex", sid, end)) ? type.allows : undefined;
}
