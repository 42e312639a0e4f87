import { expect, it } from "vitest";
import { soak } from "./soak/soak.ts";

/** `npm run soak` in short: the same seed each time, and few people. */

it("twelve runs over a changing directory, most of them disturbed, leave what an independent reading expects", async () => {
  const said: string[] = [];
  const rounds = await soak({ runs: 12, people: 300, seed: 20_261_128, leavers: "ignore" }, (line) => said.push(line));
  expect(new Set(rounds.map(({ disturbance }) => disturbance)).size, said.join("\n")).toBeGreaterThan(5);
});
