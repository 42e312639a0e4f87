import type { ExplainOptions } from "../cli.ts";
import { exposures } from "../config/exposure.ts";
import { explanationDocument } from "../explain/document.ts";
import { type Explanation, explainKey } from "../explain/explain.ts";
import { explanationLines, verdictLines } from "../explain/words.ts";
import type { Io } from "../io.ts";
import { makePlan } from "../plan.ts";
import type { Report } from "../report/event.ts";
import { eventWords } from "../report/words.ts";
import { openTarget } from "../target/open.ts";
import { type Answer, commandLine, inSession, type Session, warnOf } from "./session.ts";

/** The command `explain`: one person, step by step; writes nothing. 0 where anything was found, else 1. */
export const explain = (options: ExplainOptions, version: string, io: Io): Promise<number> =>
  inSession(options, version, io, (session) => answer(options, session));

async function answer(options: ExplainOptions, session: Session): Promise<Answer> {
  const { loaded, signal, talk } = session;
  const { config } = loaded;
  warnOf(exposures(config), talk);
  const report: Report = (event) => {
    const said = eventWords(event);
    if (said && said.level !== "detail") talk(said.level, said.words);
  };
  const target = await openTarget(config.target, { readOnly: true });
  let explanation: Explanation;
  try {
    const plan = makePlan(config, target.table);
    explanation = await explainKey({ config, plan, target, report, now: new Date(), signal }, options.key);
    const again = (key: string): string => commandLine(options, key);
    const shown = { paint: session.paint, verbose: options.verbose === true, table: target.title, again };
    const lines = options.quiet ? verdictLines : explanationLines;
    for (const line of lines(explanation, shown)) session.print(line);
  } finally {
    await target.close();
  }
  const nobody = explanation.entries.length === 0 && explanation.row === undefined;
  return { code: nobody ? 1 : 0, document: explanationDocument(explanation) };
}
