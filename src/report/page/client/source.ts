/** Where a column's value comes from: the attributes with their raw values, and the steps from there. */

function sourceNode(source: ColumnSource | undefined, change: PageChange, to: string | null): HTMLElement {
  if (!source) return element("span", { class: "note" }, "not mapped");
  if (source.attributes.length === 0) return element("div", {}, textNode(source.source, "code"));
  const { raw, chosen } = change;
  // Of several attributes the first that has a value is read; a template reads all.
  const first = source.attributes.find((name) => (raw?.[name] ?? []).length > 0);
  const attributes = source.attributes.map((name) => {
    const values = raw?.[name] ?? [];
    const isSingle = values.length > 1 && !source.steps.some((step) => /^(?:join|multi) /.test(step));
    const choice = isSingle && (isTemplate(source) || name === first) ? chosen[name] : undefined;
    const sent =
      values.length > 0
        ? rawList(values, choice && takenOf(source, values, choice, to))
        : element("span", { class: "note" }, raw ? "not in the entry" : "no entry");
    return element("div", { class: "attribute" }, textNode(spelt(source, name), "name"), sent);
  });
  return element("div", {}, ...attributes);
}

const isTemplate = ({ source, attributes }: ColumnSource): boolean =>
  attributes.length > 0 && source.startsWith("template ");

/** As the mapping spells it; entries hold it in lower case. */
function spelt({ source }: ColumnSource, name: string): string {
  const words = source.match(/[\w.;-]+/g) ?? [];
  return words.find((word) => [name, `${name};binary`].includes(word.toLowerCase())) ?? name;
}

interface Taken {
  /** Which of the values; undefined where the steps make it another one than can be told. */
  readonly at: number | undefined;
  readonly rule: string;
}

/** The smallest is that of the values after the steps. */
function takenOf(
  source: ColumnSource,
  values: readonly RawValue[],
  { at, by }: PageChange["chosen"][string],
  to: string | null,
): Taken {
  if (by === "RDN") return { at, rule: "the value in the RDN" };
  const rule = "the smallest";
  if (isTemplate(source) || source.steps.length === 0) return { at, rule };
  const folded = (value: RawValue | null) => (typeof value === "string" ? value.trim().toLowerCase() : undefined);
  const found = values.findIndex((value) => folded(value) !== undefined && folded(value) === folded(to));
  return { at: found < 0 ? undefined : found, rule };
}

function rawList(values: readonly RawValue[], taken: Taken | undefined): HTMLElement {
  const note = (words: string) => element("span", { class: "note taken" }, words);
  const items = values.map((value, index) =>
    element("li", {}, rawNode(value), ...(taken?.at === index ? [" ", note(`taken: ${taken.rule}`)] : [])),
  );
  const unknown = taken && taken.at === undefined ? [element("li", {}, note(`${taken.rule} is taken`))] : [];
  return element("ul", { class: "raw" }, ...items, ...unknown);
}

/** A template is the first step of what its attributes have. */
function stepsNode(source: ColumnSource | undefined): HTMLElement {
  const steps = [...(source && isTemplate(source) ? [source.source] : []), ...(source?.steps ?? [])];
  return steps.length === 0
    ? element("span", { class: "note" }, "as it is")
    : element("ol", { class: "steps" }, ...steps.map((step) => element("li", {}, textNode(step, "code"))));
}

/** What a column is made of, for the mapping as a whole. */
const originWords = (source: ColumnSource): string =>
  isTemplate(source) ? source.attributes.map((name) => spelt(source, name)).join(", ") : source.source;
