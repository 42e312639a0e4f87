import { expect, it } from "vitest";
import { usualLeavers } from "./soak/site.ts";
import { soak } from "./soak/soak.ts";

/** `npm run soak` in short: the same seed each time, and few people. */

it("ten runs over a changing directory, most of them disturbed, say and leave what is right", async () => {
  const said: string[] = [];
  const request = { runs: 10, people: 300, seed: 263, leavers: usualLeavers };
  const rounds = await soak(request, (line) => said.push(line));
  expect(new Set(rounds.map(({ disturbance }) => disturbance)).size, said.join("\n")).toBe(9);
}, 180_000);
