import { fileConfig, type Workspace } from "./program.ts";

/** `check` of an LDIF file and SQLite: people, and changes of the configuration. */

export const person = (uid: string, more: Readonly<Record<string, readonly string[]>> = {}) => ({
  [`uid=${uid}`]: {
    uid: [uid],
    entryUUID: [`id-${uid}`],
    mail: [`${uid}@example.com`],
    displayName: [uid.toUpperCase()],
    ...more,
  },
});

export const people = { ...person("anna"), ...person("bert"), ...person("carl", { employeeType: ["gone"] }) };

/** With what differs from one workspace to the next taken out. */
export const comparable = (work: Workspace, value: unknown) =>
  JSON.parse(
    JSON.stringify(value)
      .replaceAll(work.folder, "FOLDER")
      .replace(/SQLite [\d.]+/g, "SQLite N"),
  );

export const sourceWith = (changes: object) => ({ source: { ...fileConfig().source, ...changes } });
export const targetWith = (changes: object) => ({ target: { ...fileConfig().target, ...changes } });
export const mappingWith = (changes: object) => ({ mapping: { ...fileConfig().mapping, ...changes } });
