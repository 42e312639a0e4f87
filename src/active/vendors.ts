import type { ActivePreset } from "../config/active-schema.ts";
import type { AttributeValue, Entry } from "../entry.ts";
import { Failure } from "../errors.ts";
import { visible } from "../mapping/printable.ts";
import { presets } from "./presets.ts";

/** Told from the root DSE (RFC 4512 section 5.1). */
interface Vendor {
  /** For people. */
  readonly name: string;
  readonly preset: ActivePreset["preset"];
  /** What it was recognised by, undefined where it is another vendor. */
  readonly sign: (rootDse: Entry) => string | undefined;
}

const values = (entry: Entry, attribute: string): readonly AttributeValue[] =>
  entry.attributes.get(attribute.toLowerCase()) ?? [];

/** `attribute value`, where the attribute has a value that fits. */
const sign =
  (attribute: string, fits: RegExp) =>
  (rootDse: Entry): string | undefined => {
    const found = values(rootDse, attribute).find((value) => fits.test(value.toString("utf8")));
    return found === undefined ? undefined : `${attribute} ${found}`;
  };

const netscape = sign("vendorName", /389 project|red hat/i);

/** In the order in which they are tried: FreeIPA is a 389 Directory Server with more. */
const vendors: readonly Vendor[] = [
  // [MS-ADTS] section 3.1.1.3.4.3, LDAP_CAP_ACTIVE_DIRECTORY_OID; Samba says it too.
  {
    name: "Active Directory",
    preset: "active-directory",
    sign: sign("supportedCapabilities", /^1\.2\.840\.113556\.1\.4\.800$/),
  },
  {
    name: "FreeIPA",
    preset: "freeipa",
    sign: (rootDse) => sign("ipaTopologyPluginVersion", /./)(rootDse) ?? sign("ipaDomainLevel", /./)(rootDse),
  },
  {
    name: "389 Directory Server",
    preset: "389ds",
    sign: (rootDse) => netscape(rootDse) ?? sign("vendorVersion", /^(389|Red Hat)-Directory/i)(rootDse),
  },
  { name: "OpenLDAP", preset: "openldap", sign: sign("objectClass", /^OpenLDAProotDSE$/i) },
];

export interface Recognised extends Omit<Vendor, "sign"> {
  readonly by: string;
}

/** @throws Failure (configuration) where nobody is recognised */
export function recognise(server: string, rootDse: Entry | undefined): Recognised {
  for (const { sign, ...vendor } of vendors) {
    const by = rootDse && sign(rootDse);
    if (by !== undefined) return { ...vendor, by: visible(by) };
  }
  const names = rootDse ? ["vendorName", "vendorVersion"].flatMap((name) => values(rootDse, name).map(String)) : [];
  const called = names.length === 0 ? "its root DSE names no vendor" : `its root DSE says ${visible(names.join(", "))}`;
  throw new Failure("configuration", `source.active "auto": ${server} is not recognised (${called})`, {
    hint: `set source.active to ${Object.keys(presets).join(", ")}, or to a filter`,
  });
}
