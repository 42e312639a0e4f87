import type { AttributeValue, Entry } from "../entry.ts";
import { Failure } from "../errors.ts";
import { attributeKey, attributeValue } from "./attributes.ts";
import { parseDn } from "./dn.ts";
import { createLineReader, type Line, lineFeed, type Report } from "./ldif-lines.ts";
import type { Notice } from "./source.ts";

const space = 0x20;
const colon = 0x3a;
const lessThan = 0x3c;

// As RFC 4512 section 2.5, with the underscore that some servers allow and the `=` of AD's range option.
const attributeDescription = /^(?:[a-z][\w-]*|\d+(?:\.\d+)*)(?:;[\w=*-]+)*$/i;
const base64 = /^[a-z0-9+/]*={0,2}$/i;

/**
 * The entries of LDIF content records (RFC 2849), in one array for each piece of bytes. `changetype: add` is content.
 * More lenient than the RFC: raw UTF-8 and other bytes in values, a byte order mark, no blank line behind `version`.
 *
 * @param file The file's name in messages.
 * @param keeps Whether entries keep the attribute of this key (lower-cased, with options).
 * @param notice Told where the file does not end with a line break: many made by hand do not, nor do those cut off.
 * @throws Failure (directory) that names file and line at the first thing that is not a content record.
 */
export async function* ldifEntries(
  chunks: AsyncIterable<Buffer>,
  file: string,
  keeps: (key: string) => boolean,
  notice: Notice,
): AsyncGenerator<Entry[]> {
  const report: Report = (number, what, hint) => new Failure("directory", `${file} line ${number}: ${what}`, { hint });
  const lines = createLineReader(report);
  const records = createRecordReader(report, keeps);
  let lastByte: number | undefined = lineFeed;
  for await (const chunk of chunks) {
    lastByte = chunk.at(-1) ?? lastByte;
    lines.read(chunk, false, records.addLine);
    yield records.take();
  }
  lines.read(Buffer.alloc(0), true, records.addLine);
  records.finish();
  if (lastByte !== lineFeed) {
    notice(`${file} does not end with a line break: was it cut off? its last line was taken as it is`);
  }
  yield records.take();
}

function createRecordReader(report: Report, keeps: (key: string) => boolean) {
  const keys = new Map<string, string | false>();
  let entries: Entry[] = [];
  let open: { dn: string; attributes: Map<string, AttributeValue[]> } | undefined;
  let isFirst = true;

  /** The key of a description as written, or false where it is not kept; each is judged once. */
  const learn = (written: string, line: Line): string | false => {
    if (!attributeDescription.test(written)) throw notAnAttribute(written, line, report);
    const key = attributeKey(written);
    const kept = (key === "dn" || key === "changetype" || keeps(key)) && key;
    keys.set(written, kept);
    return kept;
  };
  const finish = (): void => {
    if (open !== undefined) entries.push(open);
    open = undefined;
  };
  const addLine = (line: Line): void => {
    if (line.start === line.end) {
      finish();
      return;
    }
    if (line.bytes[line.start] === space) {
      throw report(line.number, "starts with a space but continues no line", "remove it, or the blank line before it");
    }
    const colonAt = indexOfColon(line);
    if (colonAt < 0) throw noColon(line, report);
    const written = line.bytes.toString("latin1", line.start, colonAt);
    if (open === undefined) {
      open = startRecord(written, line, colonAt, isFirst, report);
      isFirst = false;
      return;
    }
    const key = keys.get(written) ?? learn(written, line);
    if (key === "dn") throw report(line.number, "a second dn in one record", "put a blank line between two records");
    if (key === "changetype") checkChangeType(line, colonAt, report);
    else if (key === false) refuseUrl(written, line, colonAt, report);
    else addValue(open.attributes, key, readValue(written, line, colonAt, report));
  };
  const take = (): Entry[] => {
    const taken = entries;
    entries = [];
    return taken;
  };
  return { addLine, finish, take };
}

/** The record that a dn line opens; undefined for the version line, which may stand before the first. */
function startRecord(written: string, line: Line, colonAt: number, isFirst: boolean, report: Report) {
  const name = written.toLowerCase();
  if (name === "version" && isFirst) {
    const version = readValue(written, line, colonAt, report);
    if (version === "1") return undefined;
    throw report(line.number, `LDIF version ${excerpt(version)} is not known`, "only version 1 exists (RFC 2849)");
  }
  if (name !== "dn") {
    const hint = "a record starts with its dn and ends with a blank line; files from ldapsearch need its option -LLL";
    throw report(line.number, `a record starts with "${excerpt(written)}" instead of dn`, hint);
  }
  const dn = readValue(written, line, colonAt, report);
  if (typeof dn !== "string" || parseDn(dn) === undefined) {
    throw report(
      line.number,
      `"${excerpt(dn)}" is not a DN`,
      "a DN is written as in RFC 4514: uid=anna,dc=example,dc=com",
    );
  }
  return { dn, attributes: new Map<string, AttributeValue[]>() };
}

/** What stands behind the colon: text, `: ` and base64, or `< ` and a URL, which is refused. */
function readValue(written: string, line: Line, colonAt: number, report: Report): AttributeValue {
  const { bytes, end } = line;
  refuseUrl(written, line, colonAt, report);
  const isBase64 = colonAt + 1 < end && bytes[colonAt + 1] === colon;
  let start = colonAt + (isBase64 ? 2 : 1);
  while (start < end && bytes[start] === space) start += 1;
  if (!isBase64) return textOrBytes(bytes, start, end);
  const encoded = bytes.toString("latin1", start, end).trimEnd();
  if (encoded.length % 4 !== 0 || !base64.test(encoded)) {
    throw report(line.number, `the value of ${written}:: is not base64`, "a value that is not encoded has one colon");
  }
  return attributeValue(Buffer.from(encoded, "base64"));
}

// The two loops are here for their speed: for the few bytes of a line they cost less than a call into native code.
function indexOfColon({ bytes, start, end }: Line): number {
  for (let at = start; at < end; at += 1) if (bytes[at] === colon) return at;
  return -1;
}

function textOrBytes(bytes: Buffer, start: number, end: number): AttributeValue {
  let at = start;
  while (at < end && (bytes[at] ?? 0) < 0x80) at += 1;
  return at === end ? bytes.toString("latin1", start, end) : attributeValue(bytes.subarray(start, end));
}

function addValue(attributes: Map<string, AttributeValue[]>, key: string, value: AttributeValue): void {
  const values = attributes.get(key);
  if (values === undefined) attributes.set(key, [value]);
  else values.push(value);
}

function refuseUrl(written: string, line: Line, colonAt: number, report: Report): void {
  if (colonAt + 1 >= line.end || line.bytes[colonAt + 1] !== lessThan) return;
  const hint = "write the value itself, as base64 behind two colons where it is not text";
  throw report(line.number, `${written}:< names a file or URL, which is not read`, hint);
}

function checkChangeType(line: Line, colonAt: number, report: Report): void {
  const type = readValue("changetype", line, colonAt, report);
  if (String(type).trim().toLowerCase() === "add") return;
  const hint = "this is a list of changes; export the entries themselves, with slapcat or ldapsearch -LLL";
  throw report(line.number, `changetype ${excerpt(type)} is not an entry`, hint);
}

function notAnAttribute(written: string, line: Line, report: Report): Failure {
  const hint = "a line is an attribute, a colon and a value; a continuation line starts with one space";
  return report(line.number, `"${excerpt(written)}" is not the name of an attribute`, hint);
}

function noColon(line: Line, report: Report): Failure {
  const shown = excerpt(line.bytes.subarray(line.start, line.end));
  const hint = "a line is an attribute, a colon and a value; a continuation line starts with one space";
  return report(line.number, `"${shown}" has no colon after the attribute`, hint);
}

function excerpt(text: AttributeValue): string {
  const whole = text.toString("utf8").replace(/\p{Cc}/gu, " ");
  return whole.length > 60 ? `${whole.slice(0, 60)}…` : whole;
}
