import { visible } from "./mapping/printable.ts";
import { jsonText } from "./report/json-text.ts";

/** What stands in the place of a secret. */
const hidden = "***";

/** Texts of fewer characters are no secrets and would tear words apart. */
const shortest = 3;

/**
 * Takes every secret out of a text, in each form in which others may repeat it: as it is, as JSON, in a URL, in base64 or
 * hexadecimal digits, with its control characters made visible, a line of it alone, and cut off by an ellipsis.
 */
export function redact(text: string, secrets: readonly string[]): string {
  const forms = secrets.flatMap(formsOf).filter((form) => form.length >= shortest);
  // One that begins with another one must not leave its rest behind.
  const safe = [...new Set(forms)]
    .sort((a, b) => b.length - a.length)
    .reduce((rest, form) => rest.replaceAll(form, hidden), text);
  return safe.includes("…") ? forms.reduce(withoutParts, safe) : safe;
}

/** With --verbose there are as many texts as changes. */
const known = new Map<string, readonly string[]>();

function formsOf(secret: string): readonly string[] {
  const found = known.get(secret) ?? [secret, ...secret.split(/\r?\n/)].flatMap(formsOfPart);
  known.set(secret, found);
  return found;
}

const formsOfPart = (part: string): string[] => [
  ...[part, visible(part)].flatMap((text) => [text, JSON.stringify(text).slice(1, -1), jsonText(text).slice(1, -1)]),
  encoded(part),
  ...(["base64", "base64url", "hex"] as const).map((how) => Buffer.from(part).toString(how)),
];

/** A text with half a character has no such form. */
function encoded(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Fewer characters of a secret before or after an ellipsis are there by chance. */
const leastPart = 4;

/** Without what is left of a secret where a text was folded in the middle of it. */
function withoutParts(text: string, secret: string): string {
  const [first = "", ...others] = text.split("…");
  return others.reduce((before, after) => {
    const head = longest(secret, (size) => before.endsWith(secret.slice(0, size)));
    const tail = longest(secret, (size) => after.startsWith(secret.slice(-size)));
    return `${head > 0 ? before.slice(0, -head) + hidden : before}…${tail > 0 ? hidden + after.slice(tail) : after}`;
  }, first);
}

function longest(secret: string, holds: (size: number) => boolean): number {
  for (let size = secret.length - 1; size >= leastPart; size -= 1) if (holds(size)) return size;
  return 0;
}

/** Data for others, every text in it without secrets. */
export const safely = <T>(data: T, safe: (text: string) => string): T =>
  JSON.parse(JSON.stringify(data, (_, value) => (typeof value === "string" ? safe(value) : value)));
