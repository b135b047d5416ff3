import { Counter, Histogram, type Registry } from "prom-client";
import type { AnsweredRequest } from "../domain/measures.ts";

/** Methods that have a series of their own: a client may send any word, and each would be one more. */
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/**
 * Requests by the route's pattern, never by what was asked for: as many series as there are routes.
 *
 * @param bytesReceived Bytes that came over all connections so far, headers included.
 * @returns What is to be told of each request that was answered.
 */
export function httpMetrics(
  registry: Registry,
  bytesReceived: () => number,
): (request: AnsweredRequest) => void {
  const registers = [registry];
  const requests = new Counter({
    ...{ name: "latentd_http_requests_total", help: "Requests answered.", registers },
    labelNames: ["method", "route", "status"],
  });
  const duration = new Histogram({
    ...{ name: "latentd_http_request_duration_seconds", registers },
    help: "From a request's headers to the answer's; a stream of events goes on after that.",
    labelNames: ["method", "route"],
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60],
  });
  new Counter({
    ...{ name: "latentd_http_received_bytes_total", registers },
    help: "Bytes received over HTTP connections, headers included.",
    collect() {
      this.reset();
      this.inc(bytesReceived());
    },
  });
  return ({ method, route, status, seconds }) => {
    const known = METHODS.includes(method) ? method : "other";
    requests.inc({ method: known, route, status });
    duration.observe({ method: known, route }, seconds);
  };
}
