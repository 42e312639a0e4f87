import { z } from "zod";
import { configSchema } from "./schema.ts";

/**
 * The JSON Schema of the configuration file as it is written, for editors. Draft 7: the newest that Visual Studio Code
 * and the YAML language server understand whole.
 */
export function configJsonSchema(): object {
  const { $schema, ...schema } = z.toJSONSchema(configSchema, { target: "draft-7", io: "input" });
  return {
    $schema,
    $id: "urn:idm-ldap-sync:syncrc",
    title: "idm-ldap-sync configuration",
    description: "Brings a users table in line with the active people of an LDAP directory.",
    ...schema,
  };
}

/** The text of the shipped `syncrc.schema.json`. */
export function configJsonSchemaText(): string {
  return `${JSON.stringify(configJsonSchema(), null, 2)}\n`;
}
