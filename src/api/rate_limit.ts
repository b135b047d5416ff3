import type { Context, MiddlewareHandler } from "hono";
import { routeOf } from "./access.ts";
import { problem } from "./problem.ts";

declare module "hono" {
  interface ContextVariableMap {
    /** Counts so many units more against the caller's allowance; absent where nothing is limited. */
    charge?: (units: number) => void;
  }
}

const EXEMPT = ["GET /healthz", "GET /readyz"];
const WINDOW_S = 60;

/** What one caller may still do. It fills steadily, up to a minute's worth. */
class Bucket {
  #units: number;
  #at: number;
  constructor(readonly perMinute: number, readonly now: () => number) {
    this.#units = perMinute;
    this.#at = now();
  }
  /** May fall below 0: a request is larger than it looked, and those after it wait for that. */
  take(units: number): void {
    this.#fill();
    this.#units -= units;
  }
  get left(): number {
    this.#fill();
    return this.#units;
  }
  /** In how many whole seconds it will hold so many. */
  secondsUntil(units: number): number {
    return Math.max(0, Math.ceil((units - this.left) * WINDOW_S / this.perMinute));
  }
  #fill(): void {
    const now = this.now();
    this.#units = Math.min(this.perMinute, this.#units + (now - this.#at) / 1000 * this.perMinute / WINDOW_S);
    this.#at = now;
  }
}

/**
 * Lets each key make so many requests a minute; where there are no keys, all callers share one allowance. Answers tell what
 * is left as draft-ietf-httpapi-ratelimit-headers has it. Liveness and readiness are always answered.
 *
 * @param perMinute 0 limits nothing.
 * @param now Milliseconds that never go back.
 */
export function limitRate(perMinute: number, now: () => number = () => performance.now()): MiddlewareHandler {
  const buckets = new Map<string, Bucket>(); // by names of keys, so as few as there were
  return async function limitRate(c, next) {
    if (perMinute === 0 || EXEMPT.includes(routeOf(c) ?? "")) return await next();
    const name = c.get("caller")?.name ?? "";
    let bucket = buckets.get(name);
    if (!bucket) buckets.set(name, bucket = new Bucket(perMinute, now));
    if (bucket.left < 1) {
      const seconds = bucket.secondsUntil(1);
      const detail = `Cannot answer yet: at most ${perMinute} requests a minute, in ${seconds} s again`;
      return problem(c, 429, detail, {
        ...{ code: "rate_limited", headers: { "Retry-After": String(seconds), ...limits(bucket) } },
      });
    }
    bucket.take(1);
    c.set("charge", (units) => bucket.take(units));
    await next();
    for (const [header, value] of Object.entries(limits(bucket))) c.res.headers.set(header, value);
  };
}

const limits = (bucket: Bucket): Record<string, string> => ({
  "RateLimit-Policy": `"requests";q=${bucket.perMinute};w=${WINDOW_S}`,
  "RateLimit": `"requests";r=${Math.max(0, Math.floor(bucket.left))};t=${
    bucket.secondsUntil(bucket.perMinute)
  }`,
});

/** Counts a request of several images as so many requests. */
export const chargeImages = (c: Context, images: number): void => c.get("charge")?.(Math.max(0, images - 1));
