import { certificates } from "../servers/certificates.ts";
import { startMariadb } from "../servers/mariadb.ts";
import { type Arranged, type Cell, type Side, untilSaid } from "./cell.ts";
import { expiredCertificate } from "./ground.ts";
import { again, at, attempts, middle, says, whenWell } from "./mariadb-words.ts";

/** The way to MariaDB fails. */

/** What a server of its own does, which lives for one run. */
const stranger = async (args: readonly string[], tls: object): Promise<Arranged> => {
  const server = await startMariadb({ args });
  return {
    config: at(server, { connection: { host: server.host, port: server.port, tls } }),
    mend: () => server.stop(),
  };
};

export const network = {
  "silent at start": [
    {
      name: "connects, and is not answered",
      arrange: ({ proxy }) => {
        proxy.stall();
        return { config: at(proxy, { timeoutMs: 300 }) };
      },
      expect: {
        code: 1,
        written: "nothing",
        message: says("did not answer in time"),
        hint: /^is it running, and are host and port in target\.connection right\?$/,
      },
    },
  ],
  "cut mid-page or mid-batch": [
    {
      name: "by RST, once",
      arrange: ({ proxy }) => {
        proxy.cutAfterBytes(middle, "toServer");
        return { config: at(proxy) };
      },
      expect: { code: 0, written: "all", retried: again("cut the connection") },
    },
    {
      name: "by RST, and refused from then on",
      arrange: ({ proxy }) => {
        proxy.afterBytes(middle, "toServer", () => {
          proxy.refuse();
          proxy.cut();
        });
        return { config: { ...at(proxy), ...attempts(2) } };
      },
      expect: {
        code: 1,
        written: "a part",
        message: says("refused the connection; given up after 2 attempts to go on"),
        hint: whenWell,
        retried: again("(cut|refused) the connection"),
        inDoubt: "written perhaps",
        lockStands: true,
      },
    },
  ],
  "cut around the commit": [
    {
      name: "it is not heard",
      arrange: ({ proxy }) => {
        proxy.cutAround("COMMIT", 6, "unheard");
        return { config: at(proxy) };
      },
      expect: { code: 0, written: "all", retried: again("cut the connection") },
    },
    {
      name: "it is done, and the answer lost",
      arrange: ({ proxy }) => {
        proxy.cutAround("COMMIT", 6, "unanswered");
        return { config: at(proxy) };
      },
      expect: { code: 0, written: "all", retried: again("cut the connection") },
    },
    ...(["unheard", "unanswered"] as const).map(
      (how): Cell => ({
        name: `it is ${how === "unheard" ? "not heard" : "done"}, and nobody is there to ask`,
        arrange: ({ proxy }) => {
          proxy.cutAround("COMMIT", 6, how);
          const during: Arranged["during"] = async (running) => {
            await untilSaid(/attempt 1 of 1/, running);
            proxy.refuse();
          };
          return { config: { ...at(proxy), ...attempts(1) }, during };
        },
        expect: {
          code: 1,
          written: "a part",
          message: says("refused the connection; given up after 1 attempt to go on"),
          hint: /^finished batches stand; whether the last batch \(100 rows, \S+ to \S+\) was written is not known and not counted; run again/,
          retried: again("cut the connection"),
          inDoubt: how === "unheard" ? "not written" : "written",
          lockStands: true,
        },
      }),
    ),
  ],
  "stalled for longer than the time-out": [
    {
      name: "in the middle of a batch, for a while",
      arrange: ({ proxy }) => {
        proxy.afterBytes(middle, "toServer", () => proxy.stall());
        const during: Arranged["during"] = async (running) => {
          await untilSaid(/attempt 1 of 4/, running);
          await proxy.resume();
        };
        return { config: at(proxy, { timeoutMs: 800 }), during };
      },
      expect: { code: 0, written: "all", retried: again("did not answer in time") },
    },
    {
      name: "in the middle of a batch, for good",
      arrange: ({ proxy }) => {
        proxy.afterBytes(middle, "toServer", () => proxy.stall());
        return { config: { ...at(proxy, { timeoutMs: 800 }), ...attempts(1) } };
      },
      expect: {
        code: 1,
        written: "a part",
        message: says("did not answer in time; given up after 1 attempt to go on"),
        hint: whenWell,
        retried: again("did not answer in time"),
        inDoubt: "written perhaps",
        lockStands: true,
      },
    },
  ],
  "slow (50 KB/s)": [
    {
      name: "slower in all than the time-out, never silent for so long",
      people: "few",
      arrange: ({ proxy }) => {
        proxy.slow(50_000);
        return { config: { ...at(proxy, { timeoutMs: 1500 }), batchSize: 50 } };
      },
      expect: { code: 0, written: "all" },
    },
  ],
  "TLS broken": [
    {
      name: "a certificate of another authority",
      arrange: () => ({ config: { target: { connection: { tls: { ca: certificates().otherCa } } } } }),
      expect: {
        code: 1,
        written: "nothing",
        message: /^the database at 127\.0\.0\.1:\d+: TLS failed: .*certificate.*$/,
        hint: /target\.connection\.tls/,
      },
    },
    {
      name: "a certificate that has expired",
      arrange: async () => {
        const { serverCert, serverKey } = await expiredCertificate();
        return stranger([`--ssl-cert=${serverCert}`, `--ssl-key=${serverKey}`], { ca: certificates().ca });
      },
      expect: {
        code: 1,
        written: "nothing",
        message: /^the database at 127\.0\.0\.1:\d+: TLS failed: certificate has expired$/,
        hint: /renew/,
      },
    },
    {
      name: "plain where TLS is expected",
      arrange: () => stranger(["--skip-ssl"], { ca: certificates().ca }),
      expect: {
        code: 1,
        written: "nothing",
        message: /^the database at 127\.0\.0\.1:\d+: TLS failed: Server does not support secure connection$/,
        hint: /^check target\.connection\.tls$/,
      },
    },
  ],
} satisfies Partial<Side>;
