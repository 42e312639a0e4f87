import { fileURLToPath } from "node:url";
import { ownFile } from "../own-file.ts";

/** Absolute path of the commented example. */
export const exampleFile = (): string => fileURLToPath(ownFile(".syncrc.example.json"));
