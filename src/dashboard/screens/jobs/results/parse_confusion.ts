/** What was taken for what: `counts[true class][given class]`. */
export interface Confusion {
  classes: string[];
  counts: number[][];
}

/** A confusion matrix as CSV (RFC 4180): the true class first, then a column a class that was given. */
export function parseConfusion(csv: string): Confusion {
  const [head = [], ...rows] = parseCsv(csv);
  return { classes: head.slice(1), counts: rows.map((row) => row.slice(1).map(Number)) };
}

/** RFC 4180: names of classes may have commas, quotes and line breaks. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  // A field, quoted or not, and what ends it.
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    if (end === "" && row.length === 0 && quoted === undefined && plain === "") break; // behind the last line's end
    row.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === ",") continue;
    rows.push(row);
    row = [];
  }
  return rows;
}
