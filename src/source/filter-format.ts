import type { AttributeValue } from "../entry.ts";
import type { FilterNode } from "./filter.ts";

const operators = { equal: "=", greaterOrEqual: ">=", lessOrEqual: "<=", approx: "~=" } as const;

/** The RFC 4515 text of a filter. What is not printable is escaped, so that it is one line; `parseFilter` reads it back. */
export function formatFilter(node: FilterNode): string {
  switch (node.kind) {
    case "and":
    case "or":
      return `(${node.kind === "and" ? "&" : "|"}${node.filters.map(formatFilter).join("")})`;
    case "not":
      return `(!${formatFilter(node.filter)})`;
    case "present":
      return `(${node.attribute}=*)`;
    case "substring": {
      const pieces = [node.initial ?? "", ...node.any, node.final ?? ""];
      return `(${node.attribute}=${pieces.map(escapeValue).join("*")})`;
    }
    case "extensible": {
      const rule = node.rule === undefined ? "" : `:${node.rule}`;
      return `(${node.attribute ?? ""}${node.dnAttributes ? ":dn" : ""}${rule}:=${escapeValue(node.value)})`;
    }
    default:
      return `(${node.attribute}${operators[node.kind]}${escapeValue(node.value)})`;
  }
}

function escapeValue(value: AttributeValue): string {
  if (typeof value === "string") return value.replace(/[\\*()]|\p{Cc}/gu, escapeBytes);
  return value.toString("latin1").replace(/[^ -~]|[\\*()]/g, (char) => escapeBytes(Buffer.from(char, "latin1")));
}

function escapeBytes(bytes: string | Buffer): string {
  const hex = typeof bytes === "string" ? Buffer.from(bytes, "utf8").toString("hex") : bytes.toString("hex");
  return hex.replace(/../g, "\\$&");
}
