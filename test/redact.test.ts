import { describe, expect, it } from "vitest";
import { visible } from "../src/mapping/printable.ts";
import { redact } from "../src/redact.ts";
import { jsonText } from "../src/report/json-text.ts";
import { inProcess } from "./in-process.ts";
import { base, fileConfig, fileWorkspace } from "./program.ts";

const secret = 'se"c\\r\u200be\tt\u009b';

it.each([
  ["as it is", secret],
  ["as people see it", visible(secret)],
  ["in JSON", JSON.stringify({ key: secret })],
  ["in JSON for a terminal", jsonText({ key: secret })],
  ["in JSON, as people see it", jsonText({ message: `the password is ${visible(secret)}` })],
])("a secret is taken out %s", (_, text) => {
  const safe = redact(text, [secret]);
  expect(safe).toContain("***");
  expect(safe).not.toMatch(/se.*t/);
});

it("JSON for a terminal has nothing that it would obey, and says the same", () => {
  const value = { text: "a\u009b2J\u007f\u202eb\u{e0041}\ud800\0é🙂", list: ["\u2028", null, 1] };
  for (const indent of [undefined, 2]) {
    const text = jsonText(value, indent);
    expect(JSON.parse(text)).toEqual(value);
    expect(text.replaceAll("\n", "")).toMatch(/^[\P{C}]*$/u);
    expect(text).toContain("é🙂");
  }
});

describe("a secret in a text", () => {
  it.each([
    ["as it is", "was sent hush-4711!", ["hush-4711"], "was sent ***!"],
    ["twice", "hush-4711hush-4711", ["hush-4711"], "******"],
    ["with characters of regular expressions", "a $&.*(x)[y] b", ["$&.*(x)[y]"], "a *** b"],
    ["that begins with another one", "hush-4711 hush", ["hush", "hush-4711"], "*** ***"],
    ["as JSON", String.raw`"hu\"sh\n4711"`, ['hu"sh\n4711'], '"***"'],
    ["with control characters made visible", String.raw`hu\u{7}sh 4711`, ["hu\u0007sh 4711"], "***"],
    ["in a URL", "https://x/?p=hu%26sh%204711", ["hu&sh 4711"], "https://x/?p=***"],
    ["in base64", "aHVzaC00NzEx", ["hush-4711"], "***"],
    ["in hexadecimal digits", "0x687573682d34373131", ["hush-4711"], "0x***"],
    ["of several lines, of which one is shown", "it says: second 4711", ["first 4711\nsecond 4711"], "it says: ***"],
    ["folded in its middle", "was sent hush-4…", ["hush-4711"], "was sent ***…"],
    ["folded before its end", "was…4711 it was", ["hush-4711"], "was…*** it was"],
    ["folded within", "hush-…-4711", ["hush-and-again-4711"], "***…***"],
    ["of which three characters stand before an ellipsis", "a bush…", ["shy-4711"], "a bush…"],
    ["of two characters, which would tear words apart", "a change", ["an"], "a change"],
  ])("%s is taken out", (_, text, secrets, expected) => {
    expect(redact(text, secrets)).toBe(expected);
  });
});

describe("a secret that is too short to be found in a text", () => {
  /** Without what differs from run to run. */
  const lasting = (text: string): string =>
    text.replace(/"(runId|startedAt|finishedAt|durationMs)": [^\n]*/g, "").replaceAll(/\b\d+ ms\b/g, "");

  it.each([["sync"], ["dry-run"], ["check"], ["explain", "anna"]])(
    "changes nothing of what %s says",
    async (...args) => {
      const said = async (bindPassword: string) => {
        const source = {
          ...fileConfig().source,
          url: "ldap://127.0.0.1:1",
          baseDn: base,
          bindDn: "cn=sync",
          bindPassword,
        };
        const work = await fileWorkspace({}, { source });
        const { code, document, stderr } = await inProcess(work.folder, [...args, "--verbose"]);
        return [code, lasting(JSON.stringify(document, null, 2)), stderr].join("\n").replaceAll(work.folder, ".");
      };
      const one = await said("q");
      expect(one).toContain("127.0.0.1:1");
      expect(await said("7x")).toBe(one);
    },
  );
});
