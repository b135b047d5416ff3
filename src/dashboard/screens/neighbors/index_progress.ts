/** How far the dataset's embeddings are; `done` is undefined while nobody knows. */
export interface IndexProgress {
  done?: number;
  total?: number;
}

/** "… 120 of its 2000 images are embedded …", as the API tells it. */
export function readProgress(detail: string): IndexProgress {
  const found = detail.match(/(\d+) of its (\d+) images/);
  return found ? { done: Number(found[1]), total: Number(found[2]) } : {};
}
