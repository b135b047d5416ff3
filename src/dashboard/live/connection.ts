import { signal } from "@preact/signals";

/** How long to wait before the server is looked for again, in seconds, the longer the more often it was not found. */
const WAITS_S = [1, 2, 4, 8, 15, 30];

/** That the server cannot be reached, in how many seconds it is tried again, and how often it was; undefined while it answers. */
export const outage = signal<{ secondsLeft: number; tries: number } | undefined>(undefined);

const waiting = new Set<() => void>();
let tries = 0, timer: ReturnType<typeof setTimeout> | undefined;

/** Told by whoever got no answer: begins to look for the server, once for all. */
export function reportLost(): void {
  if (outage.value) return;
  tries = 0;
  countDown();
}

/** Told by whoever got an answer. */
export function reportAlive(): void {
  if (!outage.value) return;
  clearTimeout(timer);
  outage.value = undefined;
  const resume = [...waiting];
  waiting.clear();
  for (const each of resume) each();
}

/** Looks at once, instead of at the end of the wait. */
export function retryNow(): void {
  if (outage.value) void look();
}

/** Resolves when the server answers: at once, if nobody has missed it. */
export function whenAlive(signal?: AbortSignal): Promise<void> {
  if (!outage.value) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const resume = () => resolve();
    waiting.add(resume);
    signal?.addEventListener("abort", () => {
      waiting.delete(resume);
      reject(signal.reason);
    }, { once: true });
  });
}

function countDown(left = WAITS_S[Math.min(tries++, WAITS_S.length - 1)]): void {
  outage.value = { secondsLeft: left, tries };
  clearTimeout(timer);
  timer = setTimeout(() => left > 1 ? countDown(left - 1) : void look(), 1000);
}

async function look(): Promise<void> {
  clearTimeout(timer);
  outage.value = { secondsLeft: 0, tries };
  try {
    const response = await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(10_000) });
    if (response.ok) return reportAlive();
  } catch {
    // not there yet
  }
  countDown();
}

addEventListener("online", retryNow);
addEventListener("offline", reportLost);
