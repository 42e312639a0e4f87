import { expect, it } from "vitest";
import { readable } from "../src/explain/readable.ts";

const guid = Buffer.from("00112233445566778899aabbccddeeff", "hex");
const sid = Buffer.from("010500000000000515000000a065cf7e784b9b5fe77c8770091c0100", "hex");

it.each([
  ["userAccountControl", "512", "NORMAL_ACCOUNT"],
  ["userAccountControl", "514", "NORMAL_ACCOUNT, ACCOUNTDISABLE"],
  ["userAccountControl", "66050", "DONT_EXPIRE_PASSWORD, NORMAL_ACCOUNT, ACCOUNTDISABLE"],
  ["userAccountControl", "516", "NORMAL_ACCOUNT, 0x4"],
  ["userAccountControl", "-2147483136", "NORMAL_ACCOUNT, 0x80000000"],
  ["userAccountControl", "0", "no bit is set"],
  ["userAccountControl", "many", undefined],
  ["accountExpires", "0", "never"],
  ["accountExpires", "9223372036854775807", "never"],
  ["accountExpires", "133801632000000000", "2025-01-01 00:00:00 UTC"],
  ["accountExpires", "soon", undefined],
  ["pwdLastSet", "0", "must change at next logon"],
  ["lockoutTime", "0", "not locked"],
  ["lastLogonTimestamp", "116444736000000000", "1970-01-01 00:00:00 UTC"],
  ["pwdAccountLockedTime", "000001010000Z", "locked for ever"],
  ["pwdAccountLockedTime", "20260131120000Z", "2026-01-31 12:00:00 UTC"],
  ["nsAccountLock", "TRUE", "locked"],
  ["nsAccountLock", "false", "not locked"],
  ["shadowExpire", "20000", "2024-10-04"],
  ["shadowExpire", "0", "1970-01-01"],
  ["shadowExpire", "-1", "never"],
  ["krbPrincipalExpiration", "20260131120000Z", "2026-01-31 12:00:00 UTC"],
  ["whenCreated", "20260131120000.0Z", "2026-01-31 12:00:00 UTC"],
  ["modifyTimestamp", "20260131120000.5+0200", "2026-01-31 10:00:00.500000 UTC"],
  ["createTimestamp", "20261399999999Z", undefined],
  ["telephoneNumber", "2026013112", undefined],
  ["objectGUID", guid, "33221100-5544-7766-8899-aabbccddeeff"],
  ["objectGUID", Buffer.from([1, 2]), undefined],
  ["objectSid", sid, "S-1-5-21-2127521184-1604012920-1887927527-72713"],
  ["objectSid", Buffer.from([2, 0]), undefined],
  ["employeeType", "active", undefined],
  ["constructor", "x", undefined],
])("%s %s means %s", (attribute, value, means) => {
  expect(readable(attribute, value)).toBe(means);
});
