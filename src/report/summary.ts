import type { Reject } from "../change.ts";
import type { Palette } from "./chalk.ts";
import type { Header, Report } from "./event.ts";
import { summaryLines } from "./words.ts";

/**
 * The end of a run for people, on stdout, with at most `limit` rejects. Where `onlyTrouble` is set, a run without trouble
 * says nothing.
 */
export function humanSummary(
  print: (text: string) => void,
  palette: Palette,
  { onlyTrouble, limit }: { readonly onlyTrouble: boolean; readonly limit: number },
): Report {
  const paint = { ...palette, plain: (text: string) => text };
  const rejects: Reject[] = [];
  const notices: string[] = [];
  let header: Header | undefined;
  return (event) => {
    if (event.type === "started") header = event.header;
    else if (event.type === "notice" && !event.usual) notices.push(event.message);
    else if (event.type === "reject" && rejects.length < limit) rejects.push(event.reject);
    else if (event.type === "finished" && header && !(onlyTrouble && event.summary.outcome === "succeeded")) {
      print(
        `${summaryLines(header, event.summary, rejects, notices)
          .map(({ tone, text }) => paint[tone](text))
          .join("\n")}\n`,
      );
    }
  };
}
