/**
 * The rows most similar to row `query` by cosine, itself left out, the most similar first.
 *
 * @param rows Embeddings of one length.
 */
export function nearestNeighbours(rows: number[][], query: number, count: number): number[] {
  const norm = (row: number[]) => Math.hypot(...row) || 1;
  const similarity = (row: number[]) =>
    row.reduce((sum, v, i) => sum + v * rows[query][i], 0) / (norm(row) * norm(rows[query]));
  return rows.map((row, i) => ({ i, similarity: similarity(row) }))
    .filter(({ i }) => i !== query)
    .sort((a, b) => b.similarity - a.similarity || a.i - b.i)
    .slice(0, count)
    .map(({ i }) => i);
}
