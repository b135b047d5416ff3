/** From so many on a sort is no slower than a list that is kept in order. */
const SORT_FROM = 64;

/** The indices of the `k` highest scores, highest first; of equal ones the lower index first. `k` is at most their number. */
export function topLabels(scores: Float32Array, k: number): number[] {
  if (k >= SORT_FROM) {
    return Array.from(scores, (_, n) => n).sort((a, b) => scores[b] - scores[a] || a - b).slice(0, k);
  }
  const best: number[] = [];
  for (let n = 0; n < scores.length; n++) {
    if (best.length === k && !(scores[n] > scores[best[k - 1]])) continue;
    if (best.length === k) best.pop();
    let at = best.length;
    while (at > 0 && scores[n] > scores[best[at - 1]]) at--;
    best.splice(at, 0, n);
  }
  return best;
}
