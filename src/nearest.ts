import { closestMatch } from "leven";

/**
 * The candidate that was probably meant: the one that differs in case only, else the one that is the fewest edits
 * away, if those are few for the length of the word. Two letters that changed places are two edits.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const folded = word.toLowerCase();
  const sameButCase = candidates.find((candidate) => candidate.toLowerCase() === folded);
  return (
    sameButCase ??
    closestMatch(word, candidates, { maxDistance: word.length < 4 ? 1 : Math.max(2, Math.floor(word.length / 3)) })
  );
}
