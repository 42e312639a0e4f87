// What a command prints on a terminal, as an SVG picture: run on a pseudo-terminal, its colours read from the escape codes.
import { spawnSync } from "node:child_process";
import stringWidth from "string-width";

const letter = { width: 8.4, height: 19 };
const colours = { 31: "#ff7b72", 32: "#7ee787", 33: "#e3b341" };

/** `script` (util-linux) gives the command a terminal; its standard error goes nowhere. */
export function onTerminal(command, cwd, columns) {
  const line = `stty cols ${columns} rows 50; ${command} 2>/dev/null`;
  const { stdout } = spawnSync("script", ["-qec", line, "/dev/null"], {
    cwd,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "" },
  });
  return stdout.replaceAll("\r\n", "\n").trimEnd();
}

export function svgOf(text, columns) {
  const rows = rowsOf(text.split("\n"), columns);
  const width = Math.ceil(columns * letter.width) + 32;
  const height = rows.length * letter.height + 32;
  const drawn = rows.map((spans, at) => {
    const words = spans.map(
      (span) =>
        `<tspan x="${(16 + span.column * letter.width).toFixed(1)}"${attributes(span.style)}>${escaped(span.words)}</tspan>`,
    );
    return `<text y="${16 + (at + 0.75) * letter.height}">${words.join("")}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="14" fill="#e6edf3" role="img">
<title>${escaped(text.split("\n")[0])}</title>
<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>
${drawn.join("\n")}
</svg>
`;
}

/** The rows of the screen, as runs of characters of one style. A line that is too long goes on in the next row. */
function rowsOf(lines, columns) {
  const rows = [];
  let style = {};
  for (const line of lines) {
    let column = 0;
    rows.push([]);
    for (const { codes, words } of pieces(line)) {
      for (const code of codes) style = next(style, code);
      for (const character of words) {
        if (column + stringWidth(character) > columns) {
          rows.push([]);
          column = 0;
        }
        const last = rows.at(-1).at(-1);
        if (last?.style === style && stringWidth(character) === 1) last.words += character;
        else rows.at(-1).push({ column, style, words: character });
        column += stringWidth(character);
      }
    }
  }
  return rows;
}

/** The texts of a line, each with the codes that come before it: `ESC [ 1 ; 31 m`. */
const pieces = (line) =>
  line.split("\u001b[").map((part, at) => {
    const end = at === 0 ? -1 : part.indexOf("m");
    return { codes: end < 0 ? [] : part.slice(0, end).split(";").map(Number), words: part.slice(end + 1) };
  });

function next(style, code) {
  if (code === 1) return { ...style, bold: true };
  if (code === 2) return { ...style, faint: true };
  if (code === 22) return { ...style, bold: false, faint: false };
  if (code === 39) return { ...style, colour: undefined };
  return code === 0 ? {} : { ...style, colour: colours[code] };
}

const attributes = ({ bold, faint, colour }) =>
  `${bold ? ' font-weight="bold"' : ""}${faint ? ' fill-opacity="0.6"' : ""}${colour ? ` fill="${colour}"` : ""}`;

/** SVG folds spaces, but not those that do not break. */
const escaped = (text) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll(" ", "\u00a0");
