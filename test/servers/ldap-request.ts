import { type Element, elementsIn, readElement, readInteger } from "./ber.ts";

/** What a client asked (RFC 4511 section 4), decoded apart from the program's own code. */
export type LdapRequest = RequestHead &
  (BindRequest | SearchRequest | ExtendedRequest | { readonly op: "unbind" } | AbandonRequest);

interface RequestHead {
  readonly messageId: number;
  /** Which connection to this server it came by, from 1. */
  readonly connection: number;
  readonly controls: readonly RequestControl[];
}

interface RequestControl {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Buffer;
}

interface BindRequest {
  readonly op: "bind";
  readonly dn: string;
  /** The password of a simple bind. */
  readonly password: string | undefined;
  /** The mechanism of a SASL bind. */
  readonly mechanism: string | undefined;
}

interface SearchRequest {
  readonly op: "search";
  readonly base: string;
  readonly scope: "base" | "one" | "sub";
  readonly sizeLimit: number;
  /** In seconds. */
  readonly timeLimit: number;
  /** RFC 4515, every octet outside printable ASCII escaped. */
  readonly filter: string;
  readonly attributes: readonly string[];
  /** Of the paged results control (RFC 2696), undefined without one; the cookie's octets as Latin-1. */
  readonly pageSize: number | undefined;
  readonly cookie: string | undefined;
  readonly pagingCritical: boolean | undefined;
}

interface ExtendedRequest {
  readonly op: "extended";
  readonly oid: string;
  readonly value: Buffer | undefined;
}

interface AbandonRequest {
  readonly op: "abandon";
  readonly abandoned: number;
}

export const pagedResults = "1.2.840.113556.1.4.319";

/** Decodes one LDAPMessage; an operation that no test of a reader needs is an error. */
export function decodeRequest(message: Element, connection: number): LdapRequest {
  const [id, operation, controlList] = elementsIn(message.content);
  if (id === undefined || operation === undefined) throw new Error("LDAP: a message without an operation");
  const controls = controlList === undefined ? [] : elementsIn(controlList.content).map(decodeControl);
  return { messageId: readInteger(id.content), connection, controls, ...decodeOperation(operation, controls) };
}

function decodeOperation({ tag, content }: Element, controls: readonly RequestControl[]) {
  if (tag === 0x60) return decodeBind(content);
  if (tag === 0x63) return decodeSearch(content, controls);
  if (tag === 0x77) return decodeExtended(content);
  if (tag === 0x42) return { op: "unbind" } as const;
  if (tag === 0x50) return { op: "abandon", abandoned: readInteger(content) } as const;
  throw new Error(`LDAP: the scripted server does not know the operation 0x${tag.toString(16)}`);
}

function decodeControl(control: Element): RequestControl {
  const parts = elementsIn(control.content);
  const find = (tag: number) => parts.slice(1).find((part) => part.tag === tag)?.content;
  return { oid: text(parts[0]), critical: (find(0x01)?.[0] ?? 0) !== 0, value: find(0x04) ?? Buffer.alloc(0) };
}

function decodeBind(content: Buffer): BindRequest {
  const [, dn, credentials] = elementsIn(content);
  const simple = credentials?.tag === 0x80;
  return {
    op: "bind",
    dn: text(dn),
    password: simple ? text(credentials) : undefined,
    mechanism: simple || credentials === undefined ? undefined : text(elementsIn(credentials.content)[0]),
  };
}

function decodeSearch(content: Buffer, controls: readonly RequestControl[]): SearchRequest {
  const [base, scope, , sizeLimit, timeLimit, , filter, attributes] = elementsIn(content);
  const paging = controls.find((control) => control.oid === pagedResults);
  const [pageSize, cookie] =
    paging === undefined ? [] : elementsIn(readElement(paging.value)?.content ?? Buffer.alloc(0));
  return {
    op: "search",
    base: text(base),
    scope: (["base", "one", "sub"] as const)[number(scope)] ?? "sub",
    sizeLimit: number(sizeLimit),
    timeLimit: number(timeLimit),
    filter: filter === undefined ? "" : filterText(filter),
    attributes: attributes === undefined ? [] : elementsIn(attributes.content).map(text),
    pageSize: pageSize === undefined ? undefined : number(pageSize),
    cookie: cookie?.content.toString("latin1"),
    pagingCritical: paging?.critical,
  };
}

function decodeExtended(content: Buffer): ExtendedRequest {
  const [oid, value] = elementsIn(content);
  return { op: "extended", oid: text(oid), value: value?.content };
}

const text = (part: Element | undefined): string => part?.content.toString("utf8") ?? "";
const number = (part: Element | undefined): number => (part === undefined ? 0 : readInteger(part.content));

const comparisons: Readonly<Record<number, string>> = { 163: "=", 165: ">=", 166: "<=", 168: "~=" };

/** RFC 4511 section 4.5.1.7 to RFC 4515. */
function filterText({ tag, content }: Element): string {
  if (tag === 0x87) return `(${content}=*)`;
  const parts = elementsIn(content);
  if (tag === 0xa0) return `(&${parts.map(filterText).join("")})`;
  if (tag === 0xa1) return `(|${parts.map(filterText).join("")})`;
  if (tag === 0xa2) return `(!${parts.map(filterText).join("")})`;
  if (tag === 0xa4) return `(${text(parts[0])}=${substringText(elementsIn(parts[1]?.content ?? Buffer.alloc(0)))})`;
  if (tag === 0xa9) return extensibleText(parts);
  return `(${text(parts[0])}${comparisons[tag] ?? `<0x${tag.toString(16)}>`}${escaped(parts[1])})`;
}

/** initial [0], any [1], final [2]. */
function substringText(parts: readonly Element[]): string {
  const values = parts.map((part) => escaped(part)).join("*");
  return `${parts[0]?.tag === 0x80 ? "" : "*"}${values}${parts.at(-1)?.tag === 0x82 ? "" : "*"}`;
}

/** matchingRule [1], type [2], matchValue [3], dnAttributes [4]. */
function extensibleText(parts: readonly Element[]): string {
  const find = (tag: number) => parts.find((part) => part.tag === tag);
  const rule = find(0x81);
  const dnAttributes = (find(0x84)?.content[0] ?? 0) !== 0;
  return `(${text(find(0x82))}${dnAttributes ? ":dn" : ""}${rule === undefined ? "" : `:${text(rule)}`}:=${escaped(find(0x83))})`;
}

const escaped = (part: Element | undefined): string =>
  (part?.content.toString("latin1") ?? "").replace(
    /[^\x20-\x7e]|[()*\\]/g,
    (octet) => `\\${octet.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
