import type { AttributeValue, Entry } from "../entry.ts";
import { rangedKeys } from "./attribute-list.ts";
import type { RangedKey } from "./attributes.ts";
import { type Connection, openBeside } from "./connection.ts";
import { everything } from "./filter.ts";
import type { ServerConfig } from "./ldap.ts";
import { encodeSearch } from "./ldapts.ts";
import { receiver } from "./receive.ts";
import { NoSuchObject, OperationsError } from "./result-codes.ts";
import { searchPages } from "./search.ts";

/**
 * The same entries, attributes that came in part read to their end ([MS-ADTS] section 3.1.1.3.1.3.3, range retrieval).
 * An entry that is gone or goes on changing meanwhile keeps its part, under the key that says so.
 *
 * The rest is asked for on a connection of its own, so that nothing comes between the pages of the read: their cookies
 * belong to its connection. It is closed again by a piece that has no such entry, because a server ends idle ones.
 */
export async function* wholeEntries(
  pieces: AsyncIterable<readonly Entry[]>,
  connection: Connection,
  config: ServerConfig,
  signal: AbortSignal,
): AsyncGenerator<readonly Entry[]> {
  let ranges: Ranges | undefined;
  try {
    for await (const entries of pieces) {
      if (!entries.some(isPart)) {
        ranges?.close();
        ranges = undefined;
        yield entries;
        continue;
      }
      ranges ??= await openRanges(connection, config, signal);
      const whole: Entry[] = [];
      for (const entry of entries) whole.push(isPart(entry) ? await wholeEntry(ranges, entry) : entry);
      yield whole;
    }
  } finally {
    ranges?.close();
  }
}

const isPart = (entry: Entry): boolean => rangedKeys(entry).length > 0;

/** Values of one attribute, from one place on. */
interface Range extends Pick<RangedKey, "low" | "isLast"> {
  readonly values: readonly AttributeValue[];
}

interface Ranges {
  /** What the server gives from the value at `low` on; undefined where it has no such entry, or no such value any more. */
  from(dn: string, name: string, low: number): Promise<Range | undefined>;
  close(): void;
}

async function openRanges(beside: Connection, config: ServerConfig, signal: AbortSignal): Promise<Ranges> {
  const connection = await openBeside(beside, config, signal);
  const receive = receiver(connection, config.timeoutMs, signal);
  return {
    from: async (dn, name, low) => {
      const { pageSize } = config;
      const attributes = [`${name};range=${low}-*`];
      const search = { base: dn, scope: "base", filter: everything, attributes, pageSize } as const;
      const encode = (id: number, cookie: Buffer | undefined) => encodeSearch(search, id, cookie);
      try {
        const found: Entry[] = [];
        for await (const entries of searchPages(receive, connection, dn, encode, () => {})) found.push(...entries);
        return found[0] && rangeOf(found[0], name);
      } catch (error) {
        // Samba and Active Directory say so where there are not so many values.
        const isBehindTheLast = error instanceof OperationsError && low > 0;
        if (error instanceof NoSuchObject || isBehindTheLast) return undefined;
        throw error;
      }
    },
    close: () => connection.close(),
  };
}

/** An attribute that came without a range is all there, also where it has no value. */
function rangeOf(entry: Entry, name: string): Range {
  const ranged = rangedKeys(entry).find((each) => each.name === name);
  const values = entry.attributes.get(ranged?.key ?? name) ?? [];
  return { low: ranged?.low ?? 0, isLast: ranged?.isLast ?? true, values };
}

async function wholeEntry(ranges: Ranges, entry: Entry): Promise<Entry> {
  const attributes = new Map(entry.attributes);
  for (const { key, name } of rangedKeys(entry)) {
    const values = await allValues(ranges, entry, name);
    if (values === undefined) return entry;
    attributes.delete(key);
    attributes.delete(name);
    if (values.length > 0) attributes.set(name, values);
  }
  return { dn: entry.dn, attributes };
}

/** How often an attribute is read from its first value on, where it changes while it is read. */
const mostTries = 3;

async function allValues(ranges: Ranges, entry: Entry, name: string): Promise<Range["values"] | undefined> {
  let range: Range | undefined = rangeOf(entry, name);
  for (let tries = 1; tries <= mostTries; tries += 1) {
    const values = range && (await continued(ranges, entry.dn, name, range));
    if (values !== undefined) return values;
    range = await ranges.from(entry.dn, name, 0);
  }
  return undefined;
}

/**
 * All values, those of the first range in hand; undefined where they change meanwhile. Each range begins with the last
 * value of the one before: another value there means that what follows is not what would have followed.
 */
async function continued(ranges: Ranges, dn: string, name: string, first: Range): Promise<Range["values"] | undefined> {
  if (first.low !== 0) return undefined;
  const values = [...first.values];
  let { isLast } = first;
  while (!isLast) {
    const next = await ranges.from(dn, name, values.length - 1);
    const [same, ...more] = next?.values ?? [];
    if (next?.low !== values.length - 1 || !isSame(values.at(-1), same)) return undefined;
    if (more.length === 0 && !next.isLast) return undefined;
    for (const value of more) values.push(value);
    isLast = next.isLast;
  }
  return values;
}

function isSame(one: AttributeValue | undefined, other: AttributeValue | undefined): boolean {
  return Buffer.isBuffer(one) && Buffer.isBuffer(other) ? one.equals(other) : one === other;
}
