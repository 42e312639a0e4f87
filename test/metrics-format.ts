/**
 * Reads the text format of Prometheus as strictly as promtool does: every line is a HELP, a TYPE or a sample; a family's
 * lines stand together, HELP and TYPE once and before its samples; no sample twice. Gives the samples by metric and labels.
 */
export function readMetrics(text: string): Record<string, number> {
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  const samples: Record<string, number> = {};
  const seen = new Set<string>();
  let family = { name: "", help: false, type: false };
  const begin = (name: string): void => {
    if (family.name === name) return;
    if (seen.has(name)) throw new Error(`${name} comes again`);
    seen.add(name);
    family = { name, help: false, type: false };
  };
  for (const line of text.slice(0, -1).split("\n")) {
    const [, kind, name = "", rest = ""] = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line) ?? [];
    if (kind !== undefined) {
      begin(name);
      const key = kind === "HELP" ? "help" : "type";
      if (family[key]) throw new Error(`${kind} of ${name} twice`);
      if (key === "type" && !["counter", "gauge", "histogram", "summary", "untyped"].includes(rest))
        throw new Error(line);
      family = { ...family, [key]: true };
      continue;
    }
    const label = `[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\]|\\\\["\\\\n])*"`;
    const sample = new RegExp(
      `^([a-zA-Z_:][a-zA-Z0-9_:]*)(\\{${label}(?:,${label})*\\})? (-?\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?)$`,
    );
    const [, metric = "", labels = "", value = ""] = sample.exec(line) ?? [];
    if (metric === "") throw new Error(`not a sample: ${line}`);
    begin(metric);
    if (!family.help || !family.type) throw new Error(`${metric} has no HELP and TYPE before it`);
    if (metric + labels in samples) throw new Error(`${metric}${labels} twice`);
    samples[metric + labels] = Number(value);
  }
  return samples;
}
