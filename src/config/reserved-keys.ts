import type { Path, Problem } from "./problem.ts";

interface Place {
  readonly value: unknown;
  readonly key?: string;
  readonly parent?: Place;
}

/**
 * Every key `__proto__`, wherever it stands. The schema would leave it out of a mapping in silence, and a column or a
 * value would be missing without a word. YAML can repeat and nest by aliases without end, so each object is looked at once.
 */
export function reservedKeys(root: unknown): Problem[] {
  const seen = new Set<unknown>();
  const places: Place[] = [{ value: root }];
  const found: Problem[] = [];
  // The list grows while it is walked.
  for (const place of places) {
    if (typeof place.value !== "object" || place.value === null || seen.has(place.value)) continue;
    seen.add(place.value);
    for (const [key, value] of Object.entries(place.value)) {
      const inner = { value, key, parent: place };
      if (key === "__proto__") found.push({ path: pathOf(inner), says: "is a name that cannot be used here" });
      places.push(inner);
    }
  }
  return found;
}

function pathOf(place: Place): Path {
  const path: (string | number)[] = [];
  for (let at: Place = place; at.parent !== undefined; at = at.parent) {
    path.unshift(Array.isArray(at.parent.value) ? Number(at.key) : (at.key ?? ""));
  }
  return path;
}
