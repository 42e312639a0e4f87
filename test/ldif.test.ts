import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AttributeValue, Entry } from "../src/entry.ts";
import { Failure } from "../src/errors.ts";
import { type LdifConfig, openLdif } from "../src/source/ldif.ts";
import { ldifEntries } from "../src/source/ldif-records.ts";

type Plain = [dn: string, attributes: Record<string, readonly AttributeValue[]>];

const plain = (entry: Entry): Plain => [entry.dn, Object.fromEntries(entry.attributes)];

async function* inPieces(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Buffer> {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (const [index, start] of at.slice(0, -1).entries()) yield bytes.subarray(start, at[index + 1]);
}

const silent = (): void => {};

async function parse(text: string | Buffer, cuts: readonly number[] = []): Promise<Plain[]> {
  const entries: Plain[] = [];
  const bytes = typeof text === "string" ? Buffer.from(text, "utf8") : text;
  for await (const piece of ldifEntries(inPieces(bytes, cuts), "people.ldif", () => true, silent)) {
    entries.push(...piece.map(plain));
  }
  return entries;
}

async function failureOf(act: Promise<unknown>): Promise<Failure> {
  const outcome = await act.catch((error: unknown) => error);
  if (outcome instanceof Failure) return outcome;
  throw outcome instanceof Error ? outcome : new Error("nothing was thrown");
}

const anna = "dn: uid=anna,dc=com\n";

const readings: [string, string | Buffer, Plain[]][] = [
  ["nothing", "", []],
  ["comments and blank lines only", "# a\n#b\n continued\n\n\n", []],
  ["an entry", `${anna}uid: anna\nMail: a\nmail: B\n`, [["uid=anna,dc=com", { uid: ["anna"], mail: ["a", "B"] }]]],
  ["no newline at the end", `${anna}uid: anna`, [["uid=anna,dc=com", { uid: ["anna"] }]]],
  ["an entry without attributes", anna, [["uid=anna,dc=com", {}]]],
  ["version and entry", `version: 1\n\n\n${anna}`, [["uid=anna,dc=com", {}]]],
  ["version without a blank line behind it", `# x\nversion: 1\n${anna}`, [["uid=anna,dc=com", {}]]],
  [
    "several blank lines and CRLF",
    "\r\n\r\ndn: dc=a\r\nb: c\r\n\r\n\r\n# x\r\ndn: dc=b\r\nb: d\r\n e\r\n",
    [
      ["dc=a", { b: ["c"] }],
      ["dc=b", { b: ["de"] }],
    ],
  ],
  ["a byte order mark", `\ufeff${anna}`, [["uid=anna,dc=com", {}]]],
  [
    "folded lines, a folded name and a folded comment",
    "dn: uid=an\n na,d\n c=com\n# comm\n ent: x\ndescr\n iption: a\n  b\n \n c\n",
    [["uid=anna,dc=com", { description: ["a bc"] }]],
  ],
  [
    "folding in the middle of a character",
    Buffer.concat([Buffer.from(`${anna}cn: \xc3`, "latin1"), Buffer.from("\n \xa5sa\n", "latin1")]),
    [["uid=anna,dc=com", { cn: ["åsa"] }]],
  ],
  [
    "base64 values and DN, folded too",
    "dn:: dWlkPcOlLGRj\n PWNvbQ==\ncn:: w6U=\nsn::w6U= \nl:: \n",
    [["uid=å,dc=com", { cn: ["å"], sn: ["å"], l: [""] }]],
  ],
  [
    "empty values and the spaces of values",
    `${anna}a:\nb: \nc:x\nd:   x y  \ne: a: b\n`,
    [["uid=anna,dc=com", { a: [""], b: [""], c: ["x"], d: ["x y  "], e: ["a: b"] }]],
  ],
  ["raw UTF-8", `${anna}cn: Åsa 👩\n`, [["uid=anna,dc=com", { cn: ["Åsa 👩"] }]]],
  [
    "bytes that are not UTF-8",
    Buffer.from(`${anna}cn: \xe5sa\nguid:: pP8=\n`, "latin1"),
    [["uid=anna,dc=com", { cn: [Buffer.from("\xe5sa", "latin1")], guid: [Buffer.from([0xa4, 0xff])] }]],
  ],
  [
    "options, of which ;binary is dropped",
    `${anna}CN;lang-DE: a\ncn: b\nuserCertificate;binary:: pP8=\nx;binary;y: z\nmember;range=0-1: m\n`,
    [
      [
        "uid=anna,dc=com",
        {
          "cn;lang-de": ["a"],
          cn: ["b"],
          usercertificate: [Buffer.from([0xa4, 0xff])],
          "x;y": ["z"],
          "member;range=0-1": ["m"],
        },
      ],
    ],
  ],
  ["changetype add", `${anna}changetype: Add\ncn: a\n`, [["uid=anna,dc=com", { cn: ["a"] }]]],
  [
    "attributes named like members of an object",
    `${anna}constructor: a\n`,
    [["uid=anna,dc=com", { constructor: ["a"] }]],
  ],
  ["a lone \\r inside a value", `${anna}cn: a\rb\n`, [["uid=anna,dc=com", { cn: ["a\rb"] }]]],
];

const refusals: [string, string | Buffer, string][] = [
  [
    "no colon",
    `${anna}cn: a\nmail anna@example.com\n`,
    'line 3: "mail anna@example.com" has no colon after the attribute',
  ],
  ["a change separator", `${anna}cn: a\n-\n`, 'line 3: "-" has no colon after the attribute'],
  ["a value before any dn", "cn: a\n", 'line 1: a record starts with "cn" instead of dn'],
  [
    "the result lines of ldapsearch",
    `${anna}\n# search result\nsearch: 2\nresult: 4 Size limit exceeded\n`,
    'line 4: a record starts with "search" instead of dn',
  ],
  ["version in the middle", `${anna}\nversion: 1\n`, 'line 3: a record starts with "version" instead of dn'],
  ["another version", "version: 2\n", "line 1: LDIF version 2 is not known"],
  ["two records without a blank line", `${anna}${anna}`, "line 2: a second dn in one record"],
  ["a dn that is none", "dn: anna\n", 'line 1: "anna" is not a DN'],
  ["a dn that is not UTF-8", "dn:: pP8=\n", 'line 1: "��" is not a DN'],
  ["a name that is none", `${anna}cn : a\n`, 'line 2: "cn " is not the name of an attribute'],
  ["no name", `${anna}: a\n`, 'line 2: "" is not the name of an attribute'],
  ["bad base64", `${anna}cn:: w6U\n`, "line 2: the value of cn:: is not base64"],
  ["bad base64 characters", `${anna}cn:: a b=\n`, "line 2: the value of cn:: is not base64"],
  ["a URL", `${anna}cn:< file:///etc/passwd\n`, "line 2: cn:< names a file or URL, which is not read"],
  ["a URL as dn", "dn:< file:///etc/passwd\n", "line 1: dn:< names a file or URL, which is not read"],
  ["another changetype", `${anna}changetype: modify\n`, "line 2: changetype modify is not an entry"],
  ["a continuation of nothing", `${anna}\n x: y\n`, "line 3: starts with a space but continues no line"],
  ["a space line without a colon", " x\n", "line 1: starts with a space but continues no line"],
  ["UTF-16", Buffer.from(`\ufeff${anna}`, "utf16le"), "line 1: the text is UTF-16, LDIF is UTF-8"],
  [
    "line numbers behind folded lines",
    `# a\n b\n\r\n${anna}cn: a\n b\n c\nx\n`,
    'line 8: "x" has no colon after the attribute',
  ],
  ["a long line", `${anna}${"x".repeat(99)}\n`, `line 2: "${"x".repeat(60)}…" has no colon after the attribute`],
];

describe("ldifEntries", () => {
  it.each(readings)("reads %s", async (_, text, entries) => {
    expect(await parse(text)).toEqual(entries);
  });

  it.each(refusals)("refuses %s", async (_, text, message) => {
    const failure = await failureOf(parse(text));
    expect({ turn: failure.turn, message: failure.message }).toEqual({
      turn: "directory",
      message: `people.ldif ${message}`,
    });
    expect(failure.hint).toMatch(/^[^A-Z].*[^.]$/);
  });

  it("gives the same however the bytes are cut", async () => {
    const texts = [...readings, ...refusals].map(([, text]) => (typeof text === "string" ? Buffer.from(text) : text));
    const outcome = (act: Promise<Plain[]>) => act.catch((error: Error) => error.message);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...texts), fc.array(fc.nat(), { maxLength: 20 }), async (text, cuts) => {
        expect(await outcome(parse(text, cuts))).toEqual(await outcome(parse(text)));
      }),
      { numRuns: 500 },
    );
  });

  it("reads a folded value of 4 MB that comes in 20,000 pieces", async () => {
    // Were the line begun anew with each piece, this would take minutes and not a moment.
    const value = "x".repeat(4_000_000);
    const text = Buffer.from(`${anna}cn: ${value.replace(/.{76}/g, "$&\n ")}\nsn: a\n`);
    const cuts = Array.from({ length: 20_000 }, (_, index) => Math.floor((index * text.length) / 20_000));
    const [entry, ...others] = await parse(text, cuts);
    expect(others).toEqual([]);
    expect(entry?.[1].cn?.[0] === value).toBe(true);
    expect(entry?.[1].sn).toEqual(["a"]);
  });

  it("gives random entries back that a writer folded and encoded", async () => {
    const value = fc.oneof(
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from([0xff, ...bytes])),
    );
    const key = fc.constantFrom("cn", "sn;lang-de", "mail", "x-1");
    const attributes = fc.dictionary(key, fc.array(value, { minLength: 1, maxLength: 3 }), { noNullPrototype: true });
    const entry = fc.tuple(fc.constantFrom("dc=a", "cn=åsa,dc=b"), attributes);
    const layout = fc.record({
      width: fc.integer({ min: 1, max: 80 }),
      end: fc.constantFrom("\n", "\r\n"),
      cuts: fc.array(fc.nat()),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 4 }), layout, async (entries, { width, end, cuts }) => {
        const text = Buffer.concat(entries.map((one) => writeEntry(one, width, end)));
        expect(await parse(text, cuts)).toEqual(entries);
      }),
    );
  });
});

/** Values as they are where RFC 2849 calls them safe or they are UTF-8 of one line; the rest in base64. Folds by bytes. */
function writeEntry([dn, attributes]: Plain, width: number, end: string): Buffer {
  const lines = [
    ["dn", dn] as const,
    ...Object.entries(attributes).flatMap(([k, vs]) => vs.map((v) => [k, v] as const)),
  ];
  const written = lines.map(([key, value]) => {
    const isSafe = typeof value === "string" && !/^[ :<]|[\r\n\0]/.test(value);
    const line = Buffer.from(isSafe ? `${key}: ${value}` : `${key}:: ${Buffer.from(value).toString("base64")}`);
    const pieces = Array.from({ length: Math.ceil(line.length / width) }, (_, i) =>
      line.subarray(i * width, (i + 1) * width),
    );
    return Buffer.concat(pieces.flatMap((piece, i) => [Buffer.from(i === 0 ? "" : `${end} `), piece]));
  });
  return Buffer.concat([...written.flatMap((line) => [line, Buffer.from(end)]), Buffer.from(end)]);
}

let folder = "";
let people = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ldif-"));
  people = join(folder, "people.ldif");
  const person = (uid: string, ou: string, type: string) =>
    `dn: uid=${uid},ou=${ou},dc=example,dc=com\nobjectClass: person\nuid: ${uid}\nemployeeType: ${type}\ncn;lang-de: ${uid}\ndescription: x\n`;
  await writeFile(
    people,
    [
      "dn: dc=example,dc=com\nobjectClass: domain\n",
      "dn: ou=People, DC=example,dc=com\nobjectClass: organizationalUnit\n",
      person("anna", "people", "active"),
      person("bert", "people", "inactive"),
      person("carl", "sub,ou=people", "active"),
      person("dora", "other", "active"),
    ].join("\n"),
  );
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function read(config: Partial<LdifConfig>, filter?: string, attributes = ["uid", "CN"]): Promise<Plain[]> {
  const source = openLdif(
    { path: people, scope: "sub", filter: "(objectClass=person)", ...config },
    { attributes, filter },
    silent,
  );
  const entries: Plain[] = [];
  for await (const piece of source.entries(new AbortController().signal)) entries.push(...piece.map(plain));
  return entries;
}

const uids = async (config: Partial<LdifConfig>, filter?: string) =>
  (await read(config, filter)).map(([, a]) => a.uid?.[0]);

describe("openLdif", () => {
  it.each<[string, Partial<LdifConfig>, string | undefined, string[]]>([
    ["every entry without a base", {}, undefined, ["anna", "bert", "carl", "dora"]],
    ["the active ones", { active: "(employeeType=ACTIVE)" }, undefined, ["anna", "carl", "dora"]],
    ["the active ones of one run's filter", { active: "(employeeType=active)" }, "(uid=c*)", ["carl"]],
    ["a base, however written", { baseDn: "OU=people , dc=Example,dc=com" }, undefined, ["anna", "bert", "carl"]],
    ["one level", { baseDn: "ou=people,dc=example,dc=com", scope: "one" }, undefined, ["anna", "bert"]],
    ["the base itself", { baseDn: "uid=anna,ou=people,dc=example,dc=com", scope: "base" }, undefined, ["anna"]],
    ["a base that only has entries under it", { baseDn: "ou=other,dc=example,dc=com" }, undefined, ["dora"]],
    ["the empty base", { baseDn: "" }, undefined, ["anna", "bert", "carl", "dora"]],
    [
      "an entry in two bases once",
      { baseDn: ["ou=sub,ou=people,dc=example,dc=com", "ou=people,dc=example,dc=com"] },
      undefined,
      ["anna", "bert", "carl"],
    ],
    ["nobody where nobody matches", {}, "(uid=zoe)", []],
  ])("gives %s", async (_, config, filter, expected) => {
    expect(await uids(config, filter)).toEqual(expected);
  });

  it("keeps of an entry what was asked for or filtered by, with its options", async () => {
    expect(await read({}, "(uid=anna)")).toEqual([
      ["uid=anna,ou=people,dc=example,dc=com", { objectclass: ["person"], uid: ["anna"], "cn;lang-de": ["anna"] }],
    ]);
  });

  it("looks at every attribute where the filter does", async () => {
    expect((await read({}, "(:caseExactMatch:=x)", [])).map(([dn]) => dn)).toHaveLength(4);
  });

  it("says where it reads and by which filter", () => {
    const config = {
      path: "/data/people.ldif",
      baseDn: ["dc=a", "dc=b"],
      scope: "sub",
      filter: "(a=b)",
      active: "(c=d)",
    } as const;
    const { title, filter } = openLdif(
      { ...config, baseDn: [...config.baseDn] },
      { attributes: [], filter: "(e=f)" },
      silent,
    );
    expect({ title, filter }).toEqual({
      title: "file:/data/people.ldif dc=a and dc=b",
      filter: "(&(a=b)(c=d)(e=f))",
    });
  });

  it.each<[string, string, string[]]>([
    [
      "without a line break",
      "cn: An",
      ["does not end with a line break: was it cut off? its last line was taken as it is"],
    ],
    ["with a line break", "cn: An\n", []],
    ["with a Windows line break", "cn: An\r\n", []],
  ])("says it once where the file ends %s", async (_, end, expected) => {
    const path = join(folder, "end.ldif");
    await writeFile(path, `dn: uid=b\nuid: b\n\n${anna}${end}`);
    const notices: string[] = [];
    const source = openLdif({ path, scope: "sub", filter: "(cn=*)" }, { attributes: ["cn"] }, (notice) =>
      notices.push(notice),
    );
    const entries: Plain[] = [];
    for await (const piece of source.entries(new AbortController().signal)) entries.push(...piece.map(plain));
    expect({ entries, notices }).toEqual({
      entries: [["uid=anna,dc=com", { cn: ["An"] }]],
      notices: expected.map((words) => `end.ldif ${words}`),
    });
  });

  it("says nothing of an empty file", async () => {
    const path = join(folder, "empty.ldif");
    await writeFile(path, "");
    const notices: string[] = [];
    const source = openLdif({ path, scope: "sub", filter: "(cn=*)" }, { attributes: [] }, (notice) =>
      notices.push(notice),
    );
    for await (const piece of source.entries(new AbortController().signal)) expect(piece).toEqual([]);
    expect(notices).toEqual([]);
  });

  it("gives a large file in pieces and reads it anew each time", async () => {
    const path = join(folder, "large.ldif");
    await writeFile(path, Array.from({ length: 5000 }, (_, i) => `dn: uid=u${i}\nuid: u${i}\n`).join("\n"));
    const source = openLdif({ path, scope: "sub", filter: "(uid=*)" }, { attributes: ["uid"] }, silent);
    for (let round = 0; round < 2; round += 1) {
      const sizes: number[] = [];
      for await (const piece of source.entries(new AbortController().signal)) sizes.push(piece.length);
      expect(sizes).toEqual(Array(25).fill(200));
    }
  });
});

describe("openLdif fails", () => {
  it.each<[string, Partial<LdifConfig>, string]>([
    [
      "on a misspelt base",
      { baseDn: "ou=peple,dc=example,dc=com" },
      "ou=peple,dc=example,dc=com does not exist; dc=example,dc=com does",
    ],
    [
      "on a base under one that exists",
      { baseDn: ["dc=example,dc=com", "ou=x,ou=y,ou=people,dc=example,dc=com"] },
      "ou=x,ou=y,ou=people,dc=example,dc=com does not exist; ou=people,dc=example,dc=com does",
    ],
    ["on a base of which nothing exists", { baseDn: "dc=se" }, "dc=se does not exist; nor does any part of it"],
  ])("%s", async (_, config, message) => {
    const failure = await failureOf(read(config));
    expect([failure.turn, failure.message]).toEqual(["directory", `people.ldif: ${message}`]);
  });

  it.each<[string, Partial<LdifConfig>, RegExp]>([
    ["a filter", { filter: "(a=b" }, /^filter does not parse at character 5/],
    ["an active rule", { active: "a=b" }, /^filter does not parse at character 1/],
    ["a base DN", { baseDn: "people" }, /^source\.baseDn "people" is not a DN$/],
    ["a matching rule", { filter: "(a:1.2.3:=b)" }, /^filter uses the matching rule 1\.2\.3/],
  ])("before it reads on %s that is wrong", (_, config, message) => {
    const open = () =>
      openLdif({ path: "/nowhere", scope: "sub", filter: "(a=b)", ...config }, { attributes: [] }, silent);
    expect(open).toThrow(expect.objectContaining({ turn: "configuration", message: expect.stringMatching(message) }));
  });

  it("on a file that is not there, a folder, and a path through a file", async () => {
    const inFile = join(people, "x.ldif");
    await mkdir(join(folder, "sub.ldif"));
    const failures = await Promise.all(
      [join(folder, "none.ldif"), join(folder, "sub.ldif"), inFile].map((path) => failureOf(read({ path }))),
    );
    expect(failures.map(({ turn, message }) => [turn, message])).toEqual([
      ["files", `LDIF file ${join(folder, "none.ldif")} does not exist`],
      ["files", `LDIF file ${join(folder, "sub.ldif")} is a folder`],
      ["files", `LDIF file ${inFile} does not exist`],
    ]);
  });

  it("on a malformed record even where nobody before it matched", async () => {
    const path = join(folder, "broken.ldif");
    await writeFile(path, `${anna}uid: anna\n\ndn: uid=b\nbroken\n`);
    expect((await failureOf(read({ path }))).message).toBe(
      'broken.ldif line 5: "broken" has no colon after the attribute',
    );
  });

  it("with the reason of the signal, before and during the read", async () => {
    const path = join(folder, "many.ldif");
    await writeFile(path, Array.from({ length: 50_000 }, (_, i) => `dn: uid=u${i}\nuid: u${i}\n`).join("\n"));
    const source = openLdif({ path, scope: "sub", filter: "(uid=*)" }, { attributes: ["uid"] }, silent);
    const reason = new Error("interrupted");
    const first = source.entries(AbortSignal.abort(reason))[Symbol.asyncIterator]();
    await expect(first.next()).rejects.toBe(reason);

    const controller = new AbortController();
    const second = source.entries(controller.signal)[Symbol.asyncIterator]();
    expect((await second.next()).done).toBe(false);
    controller.abort(reason);
    await expect(second.next()).rejects.toBe(reason);
  });
});
