import {
  type BerWriter,
  BindRequest,
  Control,
  ExtendedRequest,
  Filter,
  PagedResultsControl,
  type SaslMechanism,
  SearchRequest,
} from "ldapts";
import type { AttributeValue } from "../entry.ts";
import type { FilterNode } from "./filter.ts";
import { formatFilter } from "./filter-format.ts";

/**
 * The one importer of ldapts: it encodes requests. Answers are read by `messages.ts`. ldapts takes a page without entries
 * for the end of the data, hides the controls of an answer, takes any answer for that to a bind, and some broken ones keep
 * its parser in a loop for ever.
 */

export type Credentials = { readonly dn: string; readonly password: string } | { readonly mechanism: SaslMechanism };

export const encodeBind = (messageId: number, who: Credentials): Buffer =>
  new BindRequest({ messageId, ...who }).write();

/** RFC 4511 section 4.14. */
export const encodeStartTls = (messageId: number): Buffer =>
  new ExtendedRequest({ messageId, oid: "1.3.6.1.4.1.1466.20037" }).write();

export interface SearchParameters {
  readonly base: string;
  readonly scope: "base" | "one" | "sub";
  readonly filter: FilterNode;
  readonly attributes: readonly string[];
  readonly pageSize: number;
  readonly typesOnly?: boolean;
  /** Of a security descriptor the list of who may do what, which is all that an ordinary account may read of it. */
  readonly dacl?: boolean;
}

/**
 * The bytes of a search request for one page (RFC 2696). It carries no size or time limit: reaching one of our own
 * would be a partial read.
 */
export function encodeSearch(search: SearchParameters, messageId: number, cookie: Buffer | undefined): Buffer {
  const paging = { size: search.pageSize, ...(cookie && { cookie }) };
  return new SearchRequest({
    messageId,
    baseDN: search.base,
    scope: search.scope,
    filter: new ParsedFilter(search.filter),
    attributes: [...search.attributes],
    sizeLimit: 0,
    timeLimit: 0,
    returnAttributeValues: search.typesOnly !== true,
    controls: [new PagedResultsControl({ value: paging }), ...(search.dacl ? [new DaclAlone()] : [])],
  }).write();
}

/** LDAP_SERVER_SD_FLAGS_OID with DACL_SECURITY_INFORMATION ([MS-ADTS] section 3.1.1.3.4.1.11). */
class DaclAlone extends Control {
  constructor() {
    super("1.2.840.113556.1.4.801");
  }
  override writeControl(writer: BerWriter): void {
    writer.writeBuffer(Buffer.from([0x30, 0x03, 0x02, 0x01, 0x04]), 0x04);
  }
}

/** The bytes of the request to say as whom the connection is bound (RFC 4532). */
export const encodeWhoAmI = (messageId: number): Buffer =>
  new ExtendedRequest({ messageId, oid: "1.3.6.1.4.1.4203.1.11.3" }).write();

/** A filter of ours in an ldapts request. Theirs cannot hold bytes in substrings, >=, <= and extensible matches. */
class ParsedFilter extends Filter {
  readonly type = 0 as never;
  readonly #node: FilterNode;
  constructor(node: FilterNode) {
    super();
    this.#node = node;
  }
  override write(writer: BerWriter): void {
    writeFilter(writer, this.#node);
  }
  override toString(): string {
    return formatFilter(this.#node);
  }
}

/** Tags of the choice Filter, RFC 4511 section 4.5.1. */
const tags = {
  and: 0xa0,
  or: 0xa1,
  not: 0xa2,
  equal: 0xa3,
  substring: 0xa4,
  greaterOrEqual: 0xa5,
  lessOrEqual: 0xa6,
  present: 0x87,
  approx: 0xa8,
  extensible: 0xa9,
} as const;

function writeFilter(writer: BerWriter, node: FilterNode): void {
  if (node.kind === "present") {
    writer.writeString(node.attribute, tags.present);
    return;
  }
  writer.startSequence(tags[node.kind]);
  switch (node.kind) {
    case "and":
    case "or":
      for (const part of node.filters) writeFilter(writer, part);
      break;
    case "not":
      writeFilter(writer, node.filter);
      break;
    case "substring":
      writer.writeString(node.attribute);
      writer.startSequence();
      if (node.initial !== undefined) writeValue(writer, node.initial, 0x80);
      for (const piece of node.any) writeValue(writer, piece, 0x81);
      if (node.final !== undefined) writeValue(writer, node.final, 0x82);
      writer.endSequence();
      break;
    case "extensible":
      if (node.rule !== undefined) writer.writeString(node.rule, 0x81);
      if (node.attribute !== undefined) writer.writeString(node.attribute, 0x82);
      writeValue(writer, node.value, 0x83);
      if (node.dnAttributes) writer.writeBoolean(true, 0x84);
      break;
    default:
      writer.writeString(node.attribute);
      writeValue(writer, node.value, 0x04);
  }
  writer.endSequence();
}

const writeValue = (writer: BerWriter, value: AttributeValue, tag: number): void =>
  writer.writeBuffer(Buffer.isBuffer(value) ? value : Buffer.from(value, "utf8"), tag);
