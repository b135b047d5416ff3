/** A way to a server that a test can cut: what goes through it ends at once, and nothing more comes through until it is mended. */
export class CutProxy {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Deno.Conn>();
  #cut = false;

  /** @param target The server's address, such as http://127.0.0.1:8000. */
  constructor(target: string) {
    const { hostname, port } = new URL(target);
    void this.#accept({ hostname, port: Number(port) });
  }
  get url(): string {
    return `http://127.0.0.1:${this.#listener.addr.port}`;
  }
  cut(): void {
    this.#cut = true;
    for (const connection of this.#open) close(connection);
    this.#open.clear();
  }
  mend(): void {
    this.#cut = false;
  }
  close(): void {
    this.cut();
    this.#listener.close();
  }

  async #accept(target: Deno.ConnectOptions): Promise<void> {
    for await (const near of this.#listener) {
      if (this.#cut) close(near);
      else void this.#join(near, target);
    }
  }
  async #join(near: Deno.Conn, target: Deno.ConnectOptions): Promise<void> {
    this.#open.add(near);
    const far = await Deno.connect(target);
    this.#open.add(far);
    await Promise.allSettled([near.readable.pipeTo(far.writable), far.readable.pipeTo(near.writable)]);
    for (const each of [near, far]) this.#open.delete(each);
  }
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // its other end was first
  }
}
