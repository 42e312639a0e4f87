import { expect, it } from "vitest";
import { visible } from "../src/mapping/printable.ts";
import { redact } from "../src/redact.ts";
import { jsonText } from "../src/report/json-text.ts";

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
