/** A line of CSV (RFC 4180), its end included; null is empty. */
export function csvLine(cells: (string | number | null)[]): string {
  const quoted = (text: string) => /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  return `${cells.map((cell) => typeof cell === "string" ? quoted(cell) : cell ?? "").join(",")}\r\n`;
}
