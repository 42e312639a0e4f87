import { describe, expect, it } from "vitest";
import { ldapsearchCommand } from "../src/source/ldapsearch.ts";
import { ldapConfig } from "./ldap-source.ts";

const command = (settings: Parameters<typeof ldapConfig>[0]) =>
  ldapsearchCommand(ldapConfig(settings), "dc=example", "(uid=anna)", ["uid"]);

describe("the ldapsearch command", () => {
  const rest = "-E pr=500/noprompt -b dc=example -s sub '(uid=anna)' uid";

  it("asks for the password of the bind, and has nothing of TLS on a plain connection", () => {
    expect(command({ url: ["ldap://ldap"], bindDn: "cn=sync", tls: { ca: "/etc/ca.pem" } })).toBe(
      `ldapsearch -LLL -H ldap://ldap -x -D cn=sync -W ${rest}`,
    );
  });

  it("trusts and shows the same certificates as the program", () => {
    const tls = { ca: "/etc/our ca.pem", cert: "/etc/cert.pem", key: "/etc/key.pem" };
    expect(command({ url: ["ldaps://ldap"], sasl: "external", tls })).toBe(
      "LDAPTLS_CACERT='/etc/our ca.pem' LDAPTLS_CERT=/etc/cert.pem LDAPTLS_KEY=/etc/key.pem " +
        `ldapsearch -LLL -H ldaps://ldap -Y EXTERNAL ${rest}`,
    );
    expect(command({ url: ["ldap://ldap"], startTls: true, tls: { rejectUnauthorized: false } })).toBe(
      `LDAPTLS_REQCERT=never ldapsearch -LLL -H ldap://ldap -ZZ -x ${rest}`,
    );
  });
});
