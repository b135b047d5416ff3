import { calls, dataOf } from "../../../live/session.ts";
import { DENSE, SPARSE } from "./panels.ts";
import { type Range, type Rows, rowsOf } from "./curve_rows.ts";

/** Two for each pixel of a plot, about. */
const POINTS = 1200;

/** A job's curves: those of many rows, thinned by the server as they look, and those of few, exactly. */
export interface Curves {
  dense: Rows;
  sparse: Rows;
}

/** @param steps Only those between, both exclusive. @throws {Refused} */
export async function fetchCurves(id: string, signal: AbortSignal, steps?: Range): Promise<Curves> {
  const within = steps &&
    { after_step: Math.max(-1, Math.floor(steps[0])), before_step: Math.ceil(steps[1]) };
  const ask = async (columns: string[], points?: number) => {
    const query = { format: "columns" as const, columns: columns.join(","), points, ...within };
    const answer = await dataOf(
      calls().GET("/v1/jobs/{id}/metrics", { params: { path: { id }, query }, signal }),
    );
    return rowsOf((answer as unknown as { columns: Record<string, unknown[]> }).columns);
  };
  const [dense, sparse] = await Promise.all([ask(DENSE, POINTS), ask(SPARSE)]);
  return { dense, sparse };
}

/** The number of a job's last event; a stream that begins after it tells what curves asked for from now on may lack. */
export async function lastEvent(id: string, signal: AbortSignal): Promise<number> {
  const { data } = await calls().GET("/v1/jobs/{id}/events", {
    ...{ params: { path: { id }, query: { order: "desc", limit: 1 } }, signal },
    headers: { Accept: "application/json" },
  });
  return (data as unknown as { data: { seq: number }[] }).data[0]?.seq ?? 0;
}
