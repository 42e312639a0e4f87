import { z } from "zod";
import type { Path } from "./problem.ts";
import { configSchema } from "./schema.ts";

/**
 * The keys that the schema knows for the object at a path. Where the schema has several forms, those of all forms;
 * where a key chooses the form (`client`), those of the form that the value has.
 */
export function knownKeys(path: Path, root: unknown): string[] {
  return [...new Set(objectsAt(configSchema, path, root).flatMap((object) => Object.keys(object.shape)))];
}

function objectsAt(schema: unknown, path: Path, value: unknown): z.ZodObject[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return objectsAt(schema.unwrap(), path, value);
  }
  if (schema instanceof z.ZodLazy) return objectsAt(schema.unwrap(), path, value);
  if (schema instanceof z.ZodUnion) {
    return schema.options
      .filter((option) => !(schema instanceof z.ZodDiscriminatedUnion) || isChosen(schema, option, value))
      .flatMap((option) => objectsAt(option, path, value));
  }
  const [key, ...rest] = path;
  if (key === undefined) return schema instanceof z.ZodObject ? [schema] : [];
  const inner = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  if (schema instanceof z.ZodArray) return typeof key === "number" ? objectsAt(schema.element, rest, inner) : [];
  if (schema instanceof z.ZodRecord) return objectsAt(schema.valueType, rest, inner);
  return schema instanceof z.ZodObject && key in schema.shape ? objectsAt(schema.shape[key], rest, inner) : [];
}

function isChosen(union: z.ZodDiscriminatedUnion, option: unknown, value: unknown): boolean {
  const key = union.def.discriminator;
  if (!(option instanceof z.ZodObject) || typeof value !== "object" || value === null) return true;
  const wanted: unknown = option.shape[key];
  return !(wanted instanceof z.ZodType) || wanted.safeParse((value as Record<string, unknown>)[key]).success;
}
