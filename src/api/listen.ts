import { createAdaptorServer } from "@hono/node-server";
import type { AddressInfo } from "node:net";

/** A server that listens. */
export interface Listening {
  /** Where, as a client writes it. */
  readonly url: string;
  /** Takes no more requests; resolves when those under way have ended, or after `drainMs`, whichever is first. */
  close(drainMs: number): Promise<void>;
}

/**
 * Serves HTTP/1.1 by Node's server, and not Deno's own, which takes a chunked body from the network faster than it hands
 * it on, and moves all that it holds with every piece (decision 0012).
 *
 * @param port 0 for a free one.
 * @throws {Error} If the address cannot be listened at.
 */
export async function listen(
  fetch: (request: Request, env: object) => Response | Promise<Response>,
  { hostname, port }: { hostname: string; port: number },
): Promise<Listening> {
  const server = createAdaptorServer({ fetch, overrideGlobalObjects: false });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, hostname, resolve);
  });
  const { address, port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${address.includes(":") ? `[${address}]` : address}:${taken}`,
    async close(drainMs) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<void>((resolve) => timer = setTimeout(resolve, drainMs));
      await Promise.race([new Promise<void>((resolve) => server.close(() => resolve())), late]);
      clearTimeout(timer);
    },
  };
}
