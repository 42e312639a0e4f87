/**
 * One value of an attribute. A string where its bytes are valid UTF-8, the bytes themselves where they are not:
 * `Buffer.from(text, "utf8")` gives the bytes of a string back unchanged.
 */
export type AttributeValue = string | Buffer;

/** One entry as a source delivers it (RFC 4511 section 4.5.2, SearchResultEntry). */
export interface Entry {
  /** As the server spells it. */
  readonly dn: string;
  /**
   * Values by attribute description. The description is lower-cased once, at the edge, and keeps its options
   * (`cn;lang-de`); `;binary` is a transfer option (RFC 4522) and is removed there. No list is ever empty.
   */
  readonly attributes: ReadonlyMap<string, readonly AttributeValue[]>;
}
