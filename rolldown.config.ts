import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, type Plugin } from "rolldown";
import { transformSync } from "rolldown/utils";
import settings from "./package.json" with { type: "json" };

/**
 * The program as a few files, because each module of its own costs half a millisecond of CPU at every start. What
 * `dependencies` names stays outside; taken in are commander and jsonc-parser, of which every start would load more than
 * ten modules, zod, of 95 (most are languages), and knex, of 327 (254 of them lodash's).
 */
export default defineConfig({
  input: "src/main.ts",
  platform: "node",
  external: [
    ...Object.keys(settings.dependencies).map((name) => new RegExp(`^${name}(/|$)`)),
    // What knex's dialects would load, and do not: src/target/knex.ts gives them mysql2 and libsql.
    "better-sqlite3",
    "mysql",
    "sqlite3",
  ],
  // jsonc-parser's other half, which node would load, hides its parts from a bundler.
  resolve: { mainFields: ["module", "main"] },
  transform: { target: "node20.19" },
  plugins: [clientOfKnex(), page(), licences()],
  // All in one folder, and one folder below that of the package: src/own-file.ts counts on it.
  output: {
    dir: "dist",
    cleanDir: true,
    sourcemap: true,
    chunkFileNames: "[name].js",
    codeSplitting: {
      // What several commands load stands in few files, because each costs two milliseconds: these modules and all that they
      // import, the first line first. Who needs no words, configuration, schema or database still loads none.
      groups: [
        { name: "knex", test: /node_modules\/(knex|lodash)\/(?!lib\/dialects\/)/ },
        { name: "base", test: /src\/(exit|own-file)\.ts$/ },
        { name: "words", test: /src\/(nearest|report\/(chalk|talk|words)|source\/ldapsearch)\.ts$/ },
        { name: "reading", test: /src\/config\/(glimpse|locate|read|secrets)\.ts$/ },
        { name: "configuration", test: /src\/(commands\/session|config\/(exposure|load))\.ts$/ },
        { name: "target", test: /src\/(target\/open|history\/(open|process|status|success))\.ts$/ },
        { name: "sync", test: /src\/commands\/run\.ts$/ },
      ],
    },
  },
});

/**
 * Of knex what src/target/send.ts asks for: a client, which has the pool and asks the driver. Its modules name all that
 * puts statements together and runs them; in the place of that stands a class, from which others can be derived, but of
 * which nobody can make one: a client makes one of `raw` alone for itself.
 */
function clientOfKnex(): Plugin {
  const include = /\/knex\/lib\//;
  const exclude = /\/knex\/lib\/(?:(?:client|constants|logger|pool)\.js|util\/|dialects\/[^/]+\/index\.js)/;
  return {
    name: "client-of-knex",
    load: {
      filter: { id: { include, exclude } },
      handler: (id) =>
        id.endsWith("/raw.js")
          ? "module.exports = class { set() {} };"
          : "module.exports = class { constructor() { throw new Error('this part of knex was left out'); } };",
    },
  };
}

/** The parts of the page of `--report`, each by itself: they are scripts of a browser, not modules. */
function page(): Plugin {
  const from = "src/report/page";
  return {
    name: "page",
    generateBundle() {
      const emit = (path: string, source: string) => this.emitFile({ type: "asset", fileName: `page/${path}`, source });
      for (const name of readdirSync(`${from}/style`))
        emit(`style/${name}`, readFileSync(`${from}/style/${name}`, "utf8"));
      for (const name of readdirSync(`${from}/client`).filter((each) => each.endsWith(".ts"))) {
        const { code, errors } = transformSync(name, readFileSync(`${from}/client/${name}`, "utf8"));
        if (errors[0]) throw errors[0];
        emit(`client/${name.replace(/ts$/, "js")}`, code);
      }
    },
  };
}

/** Whose code is taken in is named, with its licence. */
function licences(): Plugin {
  return {
    name: "licences",
    generateBundle(_, bundle) {
      const modules = Object.values(bundle).flatMap((file) => (file.type === "chunk" ? file.moduleIds : []));
      const folders = new Set(modules.flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id) ?? []));
      const source = [...folders].sort().map(licenceOf).join("\n");
      this.emitFile({ type: "asset", fileName: "THIRD-PARTY-LICENSES", source });
    },
  };
}

function licenceOf(folder: string): string {
  const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((each) => /^licen[cs]e(\.|$)/i.test(each));
  if (file === undefined) throw new Error(`${name} has no licence that could be shipped with it`);
  return `${name} ${version}\n\n${readFileSync(join(folder, file), "utf8")}`;
}
