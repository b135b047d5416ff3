/** Something that was looked at, and what was found. */
export interface Finding {
  what: string;
  /** `good`; `warning`: it works, not as well as it could; `bad`: latentd cannot be used. */
  state: "good" | "warning" | "bad";
  /** For somebody who sees it for the first time. */
  found: string;
  /** What to do, or one of these. */
  advice?: string[];
  details?: Record<string, unknown>;
}

/** 0: all is good; 1: it can be used, with warnings; 2: it cannot. */
export function exitCode(findings: readonly Finding[]): 0 | 1 | 2 {
  if (findings.some(({ state }) => state === "bad")) return 2;
  return findings.some(({ state }) => state === "warning") ? 1 : 0;
}
