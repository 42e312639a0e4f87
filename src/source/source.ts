import type { Entry } from "../entry.ts";
import type { Pace } from "../pace.ts";

/** What a source is asked for. */
export interface ReadRequest {
  /** Descriptions of the attributes to request, as written in the mapping, each once. */
  readonly attributes: readonly string[];
  /** Those to request of entries of which it is not known whether they are active, none unless told. */
  readonly whose?: readonly string[];
  /** RFC 4515 filter of one run (`--filter`), AND-ed to the configured ones. */
  readonly filter?: string | undefined;
  /** A directory must say at the end of the read that it is still bound as at its beginning (RFC 4532), where it can say so. */
  readonly sameBind?: boolean;
  /** A directory gives the names of the attributes alone (RFC 4511 section 4.5.1.7): the lists of values are then empty. */
  readonly typesOnly?: boolean;
  /** When a directory is asked for the next page; as soon as it can be, unless told. */
  readonly pace?: Pick<Pace, "soon">;
}

/** Where entries come from: an LDAP directory or an LDIF file. */
export interface Source {
  /** For people: where it reads, e.g. `ldaps://ldap.example.com ou=people,dc=example,dc=com`. */
  readonly title: string;
  /** For people: the filter as it is sent or applied. */
  readonly filter: string;
  /** Commands by which people can look at the same entries themselves; none for a file. */
  readonly commands: readonly string[];
  /**
   * The active entries in the order read, in pieces of no promised size, which may be empty. The iteration ends only where the read is
   * complete: a limit, a time-out, a dropped connection, a referral as the result throw a `Failure`, never end it.
   */
  entries(signal: AbortSignal): AsyncIterable<readonly Entry[]>;
  /** Of several sources that were read as one: the titles of those that gave nobody. */
  readonly silent?: () => readonly string[];
}

/**
 * Told on the way: things that do not stop the read but that an operator wants to know.
 *
 * @param usual Nothing is wrong and nothing to be done: for who wants to know more.
 */
export type Notice = (message: string, usual?: boolean) => void;
