import { afterEach, describe, expect, it } from "vitest";
import type { LdapConfig } from "../src/source/ldap.ts";
import { failureOf, ldapConfig, readAll } from "./ldap-source.ts";
import { type ScriptedLdap, scriptedLdap } from "./servers/ldap-script.ts";

/** With leavers, a read is complete only where the connection is bound at its end as it was at its beginning. */

const request = { attributes: ["cn"], sameBind: true };
const hint =
  "ask the directory's administrator whether binds lapse, or whether several servers answer on one connection";

type Answer = string | number;

describe("a server that is asked who is bound", () => {
  const servers: ScriptedLdap[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop();
  });

  /** Two pages of one entry each; the answers to the question, in their order: an identity, or a result code. */
  async function answering(
    ...answers: readonly (Answer | "cut")[]
  ): Promise<{ config: LdapConfig; ops: () => string[] }> {
    const left = [...answers];
    const server = await scriptedLdap((asked, reply) => {
      if (asked.op === "bind") reply.bindResponse(0);
      if (asked.op === "extended") {
        const answer = left.shift();
        if (answer === "cut") reply.close();
        else if (typeof answer === "number") reply.extendedResponse(answer);
        else reply.extendedResponse(0, { value: answer ?? "" });
      }
      if (asked.op !== "search") return;
      const [name, cookie] = asked.cookie === "2" ? ["b", ""] : ["a", "2"];
      reply.searchEntry(`cn=${name},dc=example`, { cn: name });
      reply.searchDone(0, { cookie });
    });
    servers.push(server);
    // Nobody waits for the goodbye.
    const ops = () =>
      server.requests.flatMap((each) => (each.op === "extended" ? each.oid : each.op === "unbind" ? [] : each.op));
    const config = ldapConfig({ url: [server.url], bindDn: "cn=sync", bindPassword: "x", pageSize: 1 });
    return { config, ops };
  }

  const whoAmI = "1.3.6.1.4.1.4203.1.11.3";

  it.each<[string, Answer[]]>([
    ["the same", ["dn:cn=sync", "dn:cn=sync"]],
    ["anonymous both times", ["", ""]],
  ])("is asked after the bind and after the last page, and may say %s", async (_, answers) => {
    const { config, ops } = await answering(...answers);
    const { entries } = await readAll([config], request);
    expect([entries.length, ops()]).toEqual([2, ["bind", whoAmI, "search", "search", whoAmI]]);
  });

  it.each([2, 53, 12])("is not asked again where it answers with result %d", async (code) => {
    const { config, ops } = await answering(code);
    const { entries } = await readAll([config], request);
    expect([entries.length, ops()]).toEqual([2, ["bind", whoAmI, "search", "search"]]);
  });

  it("is not asked where nobody wants to know", async () => {
    const { config, ops } = await answering();
    await readAll([config]);
    expect(ops()).toEqual(["bind", "search", "search"]);
  });

  it.each<[string, Answer[], string]>([
    ["somebody else", ["dn:cn=sync", "dn:cn=else\n"], "dn:cn=sync, says dn:cn=else\\n now"],
    ["nobody", ["dn:cn=sync", ""], "dn:cn=sync, says anonymous now"],
    ["nothing any more", ["dn:cn=sync", 2], "dn:cn=sync, does not say any more who that is"],
  ])("makes the read incomplete where it says %s at the end", async (_, answers, words) => {
    const { config } = await answering(...answers);
    expect(await failureOf(readAll([config], request))).toEqual({
      turn: "directory",
      message: `${config.url[0]}: the read below dc=example is not complete: after 2 entries the server, which said that it was bound as ${words}`,
      hint,
    });
  });

  it("makes the read incomplete where it is gone at the end", async () => {
    const { config } = await answering("dn:cn=sync", "cut");
    expect((await failureOf(readAll([config], request))).message).toBe(
      `${config.url[0]}: the read below dc=example is not complete: after 2 entries the server closed the connection`,
    );
  });
});
