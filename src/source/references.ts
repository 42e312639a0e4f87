import { Failure } from "../errors.ts";
import type { Connection } from "./connection.ts";
import { normaliseDn } from "./dn.ts";
import type { ServerConfig } from "./ldap.ts";
import type { Notice } from "./source.ts";

/** What a search refers to besides its entries. */
export interface References {
  /** @throws Failure where references are errors */
  add(base: string, uris: readonly string[]): void;
  tell(notice: Notice): void;
}

/** Counts search continuation references (RFC 4511 section 4.5.3): entries that another server has. */
export function referenceCounter({ referrals }: ServerConfig, { server }: Connection): References {
  const elsewhere = { first: "", count: 0 };
  const partitions = new Map<string, string>();
  return {
    add: (base, uris) => {
      const [uri = "an unnamed server"] = uris;
      const partition = ownPartition(uri, base);
      if (referrals === "error") throw incompleteByReference(server, uri, partition);
      if (partition !== undefined) {
        partitions.set(normaliseDn(partition), partition);
        return;
      }
      if (elsewhere.count === 0) elsewhere.first = uri;
      elsewhere.count += 1;
    },
    tell: (notice) => {
      const { first, count } = elsewhere;
      const others = count > 1 ? ` and ${count - 1} more` : "";
      if (count > 0) notice(`${server} referred to ${first}${others}: not followed, what is there was not read`);
      if (partitions.size === 0) return;
      const names = [...partitions.values()].join(" and ");
      notice(`${server} referred to ${names}: not followed, that is the domain's own and holds no people`, true);
    },
  };
}

function incompleteByReference(server: string, uri: string, partition: string | undefined): Failure {
  const message = `${server} referred to ${uri} for a part of the entries: the read is not complete`;
  const otherwise = 'or set "referrals": "ignore"';
  const hint =
    partition === undefined
      ? `point source.url at a server that has them all, ${otherwise}`
      : `every search of a whole domain of Active Directory is referred so: name the OUs of the people in source.baseDn, ${otherwise}`;
  return new Failure("directory", message, { hint });
}

/** What a domain of Active Directory has right below it and keeps apart ([MS-ADTS] section 3.1.1.1.5, naming contexts). */
const ownPartitions = [
  "cn=configuration",
  "cn=schema,cn=configuration",
  "dc=domaindnszones",
  "dc=forestdnszones",
] as const;

/** The DN in an LDAP URL (RFC 4516), where it is one of these partitions of the domain that is the base. */
function ownPartition(uri: string, base: string): string | undefined {
  const dn = dnOf(uri);
  if (dn === undefined) return undefined;
  const normal = normaliseDn(dn);
  const domain = normaliseDn(base);
  return ownPartitions.some((name) => normal === `${name},${domain}`) ? dn : undefined;
}

function dnOf(uri: string): string | undefined {
  const [, escaped] = /^ldaps?:\/\/[^/]*\/([^?]+)/i.exec(uri) ?? [];
  try {
    return escaped && decodeURIComponent(escaped);
  } catch {
    return undefined;
  }
}
