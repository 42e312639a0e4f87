import { isUtf8 } from "node:buffer";
import type { DirectoryRecord } from "./ldap-server.ts";

/** The entries that `ldapsearch` printed without folding lines; a value that is not UTF-8 is a Buffer. */
export function recordsIn(ldif: string): DirectoryRecord[] {
  return ldif
    .split("\n\n")
    .map((text) => [...text.matchAll(/^([^:#\n]+):(:?) (.*)$/gm)])
    .filter(([first]) => first?.[1] === "dn")
    .map(([first, ...lines]) => {
      const attributes: Record<string, (string | Buffer)[]> = {};
      for (const [, name = "", colon, value = ""] of lines) {
        attributes[name] = [...(attributes[name] ?? []), decoded(colon, value)];
      }
      return { dn: String(decoded(first?.[2], first?.[3] ?? "")), attributes };
    });
}

function decoded(colon: string | undefined, value: string): string | Buffer {
  if (colon === "") return value;
  const bytes = Buffer.from(value, "base64");
  return isUtf8(bytes) ? String(bytes) : bytes;
}
