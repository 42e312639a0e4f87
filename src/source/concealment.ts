import type { AttributeValue, Entry } from "../entry.ts";
import { withoutOptions } from "./attributes.ts";
import { everything } from "./filter.ts";
import type { Query } from "./inspection.ts";
import { grants, rights } from "./security-descriptor.ts";

/**
 * Active Directory and Samba take an attribute that may not be read for one that is absent: its negation holds, and no
 * filter tells the one from the other ([MS-ADTS] section 3.1.1.4.3). What tells is the security descriptor of the entry.
 */
export type Conceals = (entry: Entry, attribute: string) => Promise<boolean>;

/** What the schema says of an attribute. */
interface Schema {
  readonly guids: ReadonlySet<string>;
  /** It needs one more right (searchFlags, fCONFIDENTIAL). */
  readonly isConfidential: boolean;
}

interface Domain {
  readonly schemaBase: string;
  readonly sids: ReadonlySet<string>;
}

const confidential = 0x80;
/** LDAP_CAP_ACTIVE_DIRECTORY_OID ([MS-ADTS] section 3.1.1.3.4.3). */
const activeDirectory = "1.2.840.113556.1.4.800";

const hex = (value: AttributeValue): string => Buffer.from(value).toString("hex");

/** @param first Gives the first entry that a search finds. */
export function concealment(first: (query: Query) => Promise<Entry | undefined>): Conceals {
  let domain: Promise<Domain | undefined> | undefined;
  const schemas = new Map<string, Promise<Schema | undefined>>();
  const schemaOf = (name: string, { schemaBase }: Domain): Promise<Schema | undefined> => {
    const key = name.toLowerCase();
    const known = schemas.get(key) ?? readSchema(first, schemaBase, name);
    schemas.set(key, known);
    return known;
  };
  return async (entry, attribute) => {
    domain ??= readDomain(first);
    const known = await domain;
    if (known === undefined) return false;
    const schema = await schemaOf(withoutOptions(attribute), known);
    const query = { base: entry.dn, scope: "base", filter: everything, attributes: [descriptor], dacl: true } as const;
    const value = (await first(query))?.attributes.get(descriptor.toLowerCase())?.[0];
    // What cannot be looked up may hide it.
    if (schema === undefined || value === undefined) return true;
    const asker = { sids: known.sids, guids: schema.guids };
    const needed = [rights.readProperty, ...(schema.isConfidential ? [rights.controlAccess] : [])];
    return !needed.every((right) => grants(Buffer.from(value), right, asker));
  };
}

const descriptor = "nTSecurityDescriptor";

/** Undefined where it is no Active Directory. */
async function readDomain(first: (query: Query) => Promise<Entry | undefined>): Promise<Domain | undefined> {
  const attributes = ["supportedCapabilities", "schemaNamingContext", "tokenGroups"];
  const rootDse = await first({ base: "", scope: "base", filter: everything, attributes });
  const values = (name: string) => rootDse?.attributes.get(name.toLowerCase()) ?? [];
  if (!values("supportedCapabilities").includes(activeDirectory)) return undefined;
  return { schemaBase: String(values("schemaNamingContext")[0]), sids: new Set(values("tokenGroups").map(hex)) };
}

async function readSchema(
  first: (query: Query) => Promise<Entry | undefined>,
  base: string,
  name: string,
): Promise<Schema | undefined> {
  const filter = { kind: "equal", attribute: "lDAPDisplayName", value: name } as const;
  const attributes = ["schemaIDGUID", "attributeSecurityGUID", "searchFlags"];
  const found = await first({ base, scope: "one", filter, attributes });
  if (found === undefined) return undefined;
  const values = (key: string) => found.attributes.get(key.toLowerCase()) ?? [];
  return {
    guids: new Set([...values("schemaIDGUID"), ...values("attributeSecurityGUID")].map(hex)),
    isConfidential: (Number(values("searchFlags")[0] ?? 0) & confidential) !== 0,
  };
}
