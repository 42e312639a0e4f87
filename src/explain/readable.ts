import type { AttributeValue } from "../entry.ts";
import { fromGeneralizedTime } from "../mapping/generalized-time.ts";
import { guidOfBytes } from "../mapping/guid.ts";
import { sidOfBytes } from "../mapping/sid.ts";

/** What a value of an attribute means, for attributes whose values people cannot read; undefined where it says it itself. */
export function readable(attribute: string, value: AttributeValue): string | undefined {
  const name = attribute.toLowerCase().replace(/;.*/s, "");
  const known = Object.hasOwn(readings, name) ? readings[name as keyof typeof readings] : instant;
  return known(value);
}

type Reading = (value: AttributeValue) => string | undefined;

/** [MS-ADTS] section 2.2.16, userAccountControl Bits. */
const accountBits: readonly (readonly [bit: number, name: string])[] = [
  [0x1, "SCRIPT"],
  [0x2, "ACCOUNTDISABLE"],
  [0x8, "HOMEDIR_REQUIRED"],
  [0x10, "LOCKOUT"],
  [0x20, "PASSWD_NOTREQD"],
  [0x40, "PASSWD_CANT_CHANGE"],
  [0x80, "ENCRYPTED_TEXT_PWD_ALLOWED"],
  [0x100, "TEMP_DUPLICATE_ACCOUNT"],
  [0x200, "NORMAL_ACCOUNT"],
  [0x800, "INTERDOMAIN_TRUST_ACCOUNT"],
  [0x1000, "WORKSTATION_TRUST_ACCOUNT"],
  [0x2000, "SERVER_TRUST_ACCOUNT"],
  [0x10000, "DONT_EXPIRE_PASSWORD"],
  [0x20000, "MNS_LOGON_ACCOUNT"],
  [0x40000, "SMARTCARD_REQUIRED"],
  [0x80000, "TRUSTED_FOR_DELEGATION"],
  [0x100000, "NOT_DELEGATED"],
  [0x200000, "USE_DES_KEY_ONLY"],
  [0x400000, "DONT_REQ_PREAUTH"],
  [0x800000, "PASSWORD_EXPIRED"],
  [0x1000000, "TRUSTED_TO_AUTH_FOR_DELEGATION"],
  [0x4000000, "PARTIAL_SECRETS_ACCOUNT"],
];

function accountControl(value: AttributeValue): string | undefined {
  const bits = numberOf(value);
  if (bits === undefined || bits < -0x80000000n || bits > 0xffffffffn) return undefined;
  // A signed 32-bit integer.
  let left = Number(BigInt.asUintN(32, bits));
  const names: string[] = [];
  for (const [bit, name] of accountBits.toReversed()) {
    if (Math.floor(left / bit) % 2 === 0) continue;
    names.push(name);
    left -= bit;
  }
  if (left > 0) names.push(`0x${left.toString(16)}`);
  return names.length === 0 ? "no bit is set" : names.join(", ");
}

function numberOf(value: AttributeValue): bigint | undefined {
  return typeof value === "string" && /^-?\d{1,20}$/.test(value) ? BigInt(value) : undefined;
}

const text = (value: AttributeValue): string => value.toString("utf8");

const ticksPerMs = 10_000n;
/** 1970 in milliseconds since 1601, from which FILETIME counts ([MS-DTYP] section 2.3.3). */
const unixEpoch = 11_644_473_600_000n;

/** 0x7FFFFFFFFFFFFFFF, as 0, means never ([MS-ADA1] section 2.2). */
const filetime =
  (zero: string): Reading =>
  (value) => {
    const ticks = numberOf(value);
    if (ticks === undefined || ticks < 0n) return undefined;
    if (ticks === 0n) return zero;
    if (ticks === 0x7fffffffffffffffn) return "never";
    return isoOf(Number(ticks / ticksPerMs - unixEpoch));
  };

function isoOf(ms: number): string | undefined {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? undefined : shortTime(date.toISOString());
}

const shortTime = (iso: string): string => iso.replace("T", " ").replace(/(?:\.0+)?Z$/, " UTC");

/** generalizedTime (RFC 4517 section 3.3.13): 14 digits at least, so that a phone number is not taken for one. */
function instant(value: AttributeValue): string | undefined {
  if (!/^\d{14}(?:[.,]\d+)?(?:Z|[+-]\d{4})$/.test(text(value))) return undefined;
  const iso = fromGeneralizedTime(text(value));
  return iso === undefined ? undefined : shortTime(iso);
}

/** draft-behera-ldap-password-policy section 5.3.3: this value means that only an administrator can unlock it. */
const lockedTime: Reading = (value) =>
  text(value) === "000001010000Z" ? "locked for ever" : (instant(value) ?? undefined);

/** Days since 1970 (shadow(5)). */
const shadowDays: Reading = (value) => {
  const days = numberOf(value);
  if (days === undefined) return undefined;
  return days < 0n ? "never" : isoOf(Number(days) * 86_400_000)?.slice(0, 10);
};

/** nsAccountLock: 389 Directory Server and FreeIPA. */
const accountLock: Reading = (value) => (/^true$/i.test(text(value)) ? "locked" : "not locked");

/** An ASCII octet string is given as text: its bytes are those of the text. */
const bytesOf = (value: AttributeValue): Buffer => (typeof value === "string" ? Buffer.from(value, "utf8") : value);

const guid: Reading = (value) => guidOfBytes(bytesOf(value));
const sid: Reading = (value) => sidOfBytes(bytesOf(value));

/** By lower-cased attribute; any other one is looked at as a generalizedTime. */
const readings = {
  useraccountcontrol: accountControl,
  "msds-user-account-control-computed": accountControl,
  accountexpires: filetime("never"),
  pwdlastset: filetime("must change at next logon"),
  lastlogon: filetime("never"),
  lastlogontimestamp: filetime("never"),
  lockouttime: filetime("not locked"),
  pwdaccountlockedtime: lockedTime,
  nsaccountlock: accountLock,
  shadowexpire: shadowDays,
  shadowlastchange: shadowDays,
  objectguid: guid,
  objectsid: sid,
} satisfies Record<string, Reading>;
