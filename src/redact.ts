import { visible } from "./mapping/printable.ts";
import { jsonText } from "./report/json-text.ts";

/** Takes every secret out of a text, however it is escaped there. Texts of fewer than three characters are no secrets and would tear words apart. */
export function redact(text: string, secrets: readonly string[]): string {
  return (
    secrets
      .filter((secret) => secret.length >= 3)
      .flatMap(spellings)
      // One that begins with another one must not leave its rest behind.
      .sort((a, b) => b.length - a.length)
      .reduce((safe, secret) => safe.replaceAll(secret, "***"), text)
  );
}

/** A secret as it is, as people see it, and both as JSON has them. */
function spellings(secret: string): string[] {
  const shown = [secret, visible(secret)];
  const json = [JSON.stringify, jsonText].flatMap((write) => shown.map((text) => write(text).slice(1, -1)));
  return [...new Set([...shown, ...json])];
}

/** Data for others, every text in it without secrets. */
export const safely = <T>(data: T, safe: (text: string) => string): T =>
  JSON.parse(JSON.stringify(data, (_, value) => (typeof value === "string" ? safe(value) : value)));
