import type { JobEvent } from "../../live/job_events.ts";
import { formatCount, formatNumber, formatPercent, shortId } from "../../parts/format.ts";

/** Which figures of a row are told in its line, shortest names first. */
const TOLD = [["loss", "loss"], ["knn_top1", "k-NN"], ["train_top1", "top-1"], [
  "images_per_s",
  "images/s",
]] as const;

/** An event in a line, and how bad it is. */
export function eventText(
  { type, data }: JobEvent,
): { text: string; tone: "plain" | "good" | "warning" | "bad" } {
  if (type === "message") {
    const { level, text } = data as { level: string; text: string };
    return { text, tone: level === "error" ? "bad" : level === "warn" ? "warning" : "plain" };
  }
  if (type === "status") {
    const { status, attempt, error } = data as {
      status: string;
      attempt?: number;
      error?: { code: string; message: string };
    };
    const tone = status === "failed" ? "bad" : status === "succeeded" ? "good" : "plain";
    const again = attempt && attempt > 1 ? `, attempt ${attempt}` : "";
    return { text: `${status}${again}${error ? `: ${error.message} (${error.code})` : ""}`, tone };
  }
  if (type === "checkpoint") {
    const { id, step } = data as { id: string; step: number };
    return { text: `${shortId(id)} at step ${formatCount(step)}`, tone: "good" };
  }
  const figures = data as Record<string, number | undefined>;
  const told = TOLD.filter(([name]) => figures[name] !== undefined).map(([name, word]) =>
    `${word} ${
      name === "knn_top1" || name === "train_top1"
        ? formatPercent(figures[name])
        : formatNumber(figures[name])
    }`
  );
  return { text: [`step ${formatCount(figures.step)}`, ...told].join(" · "), tone: "plain" };
}
