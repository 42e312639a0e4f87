import { certificates } from "../servers/certificates.ts";
import type { Side } from "./cell.ts";
import type { Ground } from "./ground.ts";

/** slapd as the source fails, on the way into MariaDB. */

/** Somewhere in the second page of four. */
const middle = 400_000;

const many = ({ directories }: Ground) => directories.many;
const few = ({ directories }: Ground) => directories.few;
const urlOf = ({ port }: { readonly port: number }, scheme = "ldap") => `${scheme}://127.0.0.1:${port}`;
const from = (url: string, changes: object = {}) => ({ source: { url, ...changes } });

const partial = (why: string) =>
  new RegExp(`^ldap://127\\.0\\.0\\.1:\\d+: the read below ou=people,\\S+ is not complete: after \\d+ entries ${why}$`);

const readsOnly = "does not apply: nothing is written to a directory";

export const directory = {
  "down at start": [
    {
      name: "nobody listens",
      arrange: async (ground) => {
        await many(ground).slapd.kill();
        return { mend: () => many(ground).slapd.restart() };
      },
      expect: {
        code: 1,
        written: "nothing",
        message: /^ldap:\/\/127\.0\.0\.1:\d+ refused the connection$/,
        hint: /is the directory running, and is the port right\?/,
      },
    },
  ],
  refused: [
    {
      name: "unavailable (52) is the answer to the bind",
      people: "few",
      arrange: (ground) => ({
        config: { source: { bindDn: `cn=unavailable,ou=RetCodes,${few(ground).slapd.suffix}` } },
      }),
      expect: {
        code: 1,
        written: "nothing",
        message: /^ldap:\S+ refused the bind as cn=unavailable,ou=RetCodes,\S+: unavailable \(52\)$/,
        hint: /run again when the directory is back/,
      },
    },
  ],
  "silent at start": [
    {
      name: "connects, and is not answered",
      arrange: (ground) => {
        many(ground).proxy.stall();
        return { config: from(urlOf(many(ground).proxy), { timeoutMs: 300 }) };
      },
      expect: {
        code: 1,
        written: "nothing",
        message: /^ldap:\/\/127\.0\.0\.1:\d+ did not answer the bind within 300 ms$/,
        hint: /is the directory well\?/,
      },
    },
  ],
  "wrong password": [
    {
      name: "invalidCredentials (49)",
      process: true,
      arrange: () => ({ env: { LDAP_PASSWORD: "marked-wrong-secret" } }),
      expect: {
        code: 1,
        written: "nothing",
        message: /^ldap:\S+ refused the bind as cn=sync,\S+: invalidCredentials \(49\)$/,
        hint: /check source\.bindDn and source\.bindPassword/,
      },
    },
  ],
  "cut mid-page or mid-batch": [
    {
      name: "by RST",
      arrange: (ground) => {
        many(ground).proxy.cutAfterBytes(middle, "toClient");
        return { config: from(urlOf(many(ground).proxy)) };
      },
      expect: {
        code: 1,
        written: "a part",
        message: partial("(the connection was lost \\(.*ECONNRESET\\)|the server closed the connection)"),
        hint: /run again when the directory is well/,
      },
    },
    {
      name: "by FIN",
      arrange: (ground) => {
        const { proxy } = many(ground);
        proxy.afterBytes(middle, "toClient", () => proxy.cut("FIN"));
        return { config: from(urlOf(proxy)) };
      },
      expect: {
        code: 1,
        written: "a part",
        message: partial("the server closed the connection"),
        hint: /run again when the directory is well/,
      },
    },
  ],
  "cut around the commit": readsOnly,
  "stalled for longer than the time-out": [
    {
      name: "in the middle of a page",
      arrange: (ground) => {
        const { proxy } = many(ground);
        proxy.afterBytes(middle, "toClient", () => proxy.stall());
        return { config: from(urlOf(proxy), { timeoutMs: 1000 }) };
      },
      expect: {
        code: 1,
        written: "a part",
        message: partial("the server sent nothing for 1000 ms"),
        hint: /run again when the directory is well/,
      },
    },
  ],
  "slow (50 KB/s)": [
    {
      name: "slower in all than the time-out, never silent for so long",
      people: "few",
      arrange: (ground) => {
        few(ground).proxy.slow(50_000);
        return { config: from(urlOf(few(ground).proxy), { timeoutMs: 1000 }) };
      },
      expect: { code: 0, written: "all" },
    },
  ],
  "TLS broken": [
    {
      name: "a certificate of another authority",
      arrange: (ground) => ({ config: from(many(ground).slapd.tlsUrl, { tls: { ca: certificates().otherCa } }) }),
      expect: {
        code: 1,
        written: "nothing",
        message: /^ldaps:\S+ has a certificate that is not accepted: .+$/,
        hint: /set source\.tls\.ca to the authority that signed it/,
      },
    },
    {
      name: "a certificate that has expired",
      people: "few",
      arrange: (ground) => ({ config: from(few(ground).slapd.tlsUrl, { tls: { ca: certificates().ca } }) }),
      expect: {
        code: 1,
        written: "nothing",
        message: /^ldaps:\S+ has a certificate that is not accepted: certificate has expired$/,
        hint: /renew/,
      },
    },
    {
      name: "plain where ldaps:// expects TLS",
      arrange: (ground) => ({ config: from(urlOf(many(ground).slapd, "ldaps"), { tls: { ca: certificates().ca } }) }),
      expect: {
        code: 1,
        written: "nothing",
        message: /^ldaps:\S+ (cut the connection|does not speak TLS here: .*)$/,
        hint: /ldap:\/\//,
      },
    },
  ],
  "disk full": readsOnly,
  "read-only": readsOnly,
  "lock wait time-out":
    "does not apply: a search waits for no locks; a directory that is busy is silent, or says so (51)",
  deadlock: "does not apply: a search holds no locks",
  "killed and restarted": [
    {
      name: "in the middle of a page",
      arrange: (ground) => {
        const { slapd, proxy } = many(ground);
        let back: Promise<void> | undefined;
        proxy.afterBytes(middle, "toClient", () => {
          back = slapd.kill().then(() => slapd.restart());
        });
        return { config: from(urlOf(proxy)), mend: () => back };
      },
      expect: {
        code: 1,
        written: "a part",
        message: partial("(the connection was lost \\(.*\\)|the server closed the connection)"),
        hint: /run again when the directory is well/,
      },
    },
  ],
} satisfies Side;
