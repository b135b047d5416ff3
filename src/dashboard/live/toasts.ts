import { signal } from "@preact/signals";

export interface Toast {
  id: number;
  text: string;
  tone: "good" | "bad" | "plain";
}

export const toasts = signal<Toast[]>([]);
let count = 0;

/** Says something for a few seconds, at the edge of the page and to screen readers; what went wrong stays longer. */
export function toast(text: string, tone: Toast["tone"] = "plain"): void {
  const id = ++count;
  toasts.value = [...toasts.value.slice(-3), { id, text, tone }];
  setTimeout(() => dismiss(id), tone === "bad" ? 12_000 : 5000);
}

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((each) => each.id !== id);
}
