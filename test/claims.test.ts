import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { openClaims } from "../src/claims.ts";
import { instanceFolder } from "./servers/folder.ts";

it("remembers who was first among 200,000, whatever is in the names, and leaves no file behind", async () => {
  const before = process.env.TMPDIR;
  const folder = await instanceFolder("claims-");
  process.env.TMPDIR = folder;
  try {
    const claims = openClaims();
    const name = (i: number) => `k${i}"\n\\🙂\u0000\u00e9`;
    for (let i = 0; i < 200_000; i += 1) claims.claim(name(i), { dn: `uid=${i},ou="Zürich"\n`, digest: i });
    expect(claims.claimant("k-1")).toBeUndefined();
    for (const i of [0, 1, 12_287, 12_288, 65_536, 199_999])
      expect(claims.claimant(name(i))).toEqual({ dn: `uid=${i},ou="Zürich"\n`, digest: i });
    expect(readdirSync(folder)).toEqual([]);
    claims.close();
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
});
