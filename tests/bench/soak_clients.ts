import type { RandomStream } from "../../src/domain/philox.ts";
import { encodePng } from "../../src/data/encode_png.ts";
import { noise } from "../e2e/noise.ts";
import type { TestServer } from "../e2e/server.ts";
import { drawJob, FEWEST_IMAGES, soakTar } from "./soak_jobs.ts";

const PX = 8, EMBEDDERS = 4, MAX_UNFINISHED = 3, MAX_DATASETS = 20, PAUSE_MS = 300, SETTLE_SECONDS = 300;
const ALIAS = "soak";
type Json = Record<string, unknown>;
type Hashed = { name: string; sha256: string };

/** Clients of a server that may go away at any moment: each notes what it was told, and holds the server to it. */
export class SoakClients {
  /** Whether the server is known to be away: what fails then was not acknowledged. */
  interrupted = false;
  readonly #datasets = new Map<string, number>();
  readonly #jobs = new Map<string, "succeeded" | "cancelled">();
  /** Hashes of the models that were imported. */
  readonly #imports = new Map<string, string>();
  readonly #kinds = new Map<string, number>();
  readonly #wrong: string[] = [];
  #deleted = 0;
  #embedded = 0;
  #searched = 0;
  #embedding: { model: string; row: string } | undefined;
  #over = false;
  #loops: Promise<void>[] = [];

  constructor(readonly server: () => TestServer, readonly random: RandomStream) {}

  start(): void {
    const image = encodePng(noise(PX, 1)).then((png) => png.toBase64());
    this.#loops = [
      this.#loop(() => this.#upload(), 4000),
      this.#loop(() => this.#submit(), 1500),
      this.#loop(() => this.#search(), 500),
      this.#loop(() => this.#import(), 15_000),
      ...Array.from({ length: EMBEDDERS }, () => this.#loop(async () => await this.#embed(await image), 20)),
    ];
  }
  stop(): void {
    this.#over = true;
  }

  standing(): string {
    const kinds = [...this.#kinds].map(([kind, count]) => `${count} ${kind}`).join(", ");
    return `${this.#datasets.size} datasets (${this.#deleted} deleted), ${this.#jobs.size} jobs (${kinds}), ` +
      `${this.#imports.size} imports, ${this.#embedded} embeddings, ${this.#searched} searches`;
  }

  /** Stops asking, waits until all has ended, and looks at each thing. @returns What is lost, or not as it should be. */
  async settle(): Promise<string[]> {
    this.#over = true;
    await Promise.all(this.#loops);
    const server = this.server(), wrong = [...this.#wrong];
    for (const [id, expected] of this.#jobs) {
      const { status, error } = await server.until(
        () => server.json(`/v1/jobs/${id}`),
        ({ status }) => !["queued", "running"].includes(status),
        SETTLE_SECONDS,
      );
      if (status !== expected) wrong.push(`${id} is ${status}, not ${expected} (${JSON.stringify(error)})`);
      const { data } = await server.json(`/v1/jobs/${id}/checkpoints`);
      for (const { id: checkpoint, files } of data as { id: string; files: Hashed[] }[]) {
        const { name, sha256 } = files.find(({ name }) => name === "model.safetensors")!;
        const hash = await this.#hashOf(`/v1/checkpoints/${checkpoint}/files/${name}`);
        if (hash !== sha256) wrong.push(`${checkpoint} is not what it says`);
      }
      for (const { name, sha256 } of (await server.json(`/v1/jobs/${id}/files`)).data as Hashed[]) {
        const hash = await this.#hashOf(`/v1/jobs/${id}/files/${name}`);
        if (hash !== sha256) wrong.push(`${name} of ${id} is not what it says`);
      }
    }
    for (const [id, sha256] of this.#imports) {
      const { files } = await server.json(`/v1/checkpoints/${id}`) as unknown as { files: Hashed[] };
      const { sha256: told } = files.find(({ name }) => name === "model.safetensors")!;
      const hash = await this.#hashOf(`/v1/checkpoints/${id}/files/model.safetensors`);
      if (hash !== told || hash !== sha256) wrong.push(`the import ${id} is not what it was`);
    }
    for (const [id, images] of this.#datasets) {
      const { status, counts } = await server.until(
        () => server.json(`/v1/datasets/${id}`),
        ({ status }) => status !== "ingesting",
        SETTLE_SECONDS,
      );
      const got = (counts as { images: number }).images;
      if (status !== "ready" || got !== images) {
        wrong.push(`${id} is ${status}, with ${got} of ${images} images`);
      }
    }
    return wrong;
  }

  async #hashOf(path: string): Promise<string> {
    const bytes = await (await this.server().fetch(path)).bytes();
    return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  }

  async #loop(once: () => Promise<void>, everyMs: number): Promise<void> {
    while (!this.#over) {
      try {
        await once();
      } catch (error) {
        // A connection that breaks off has acknowledged nothing. Any other mistake is one.
        if (!(error instanceof TypeError)) this.#wrong.push((error as Error).message);
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }

  /** The answer's body; undefined where the server says that it cannot just now. */
  async #ask(path: string, init?: RequestInit): Promise<Json | undefined> {
    const response = await this.server().fetch(path, init),
      body = response.status === 204 ? {} : await response.json();
    if (response.ok) return body;
    if ([429, 503].includes(response.status)) return undefined;
    throw new Error(`${init?.method ?? "GET"} ${path}: ${response.status} ${JSON.stringify(body)}`);
  }
  #post(path: string, body: unknown, method = "POST"): Promise<Json | undefined> {
    return this.#ask(path, {
      method,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  }

  async #upload(): Promise<void> {
    const images = FEWEST_IMAGES + this.random.below(24);
    const dataset = await this.#ask("/v1/datasets?name=soak", {
      method: "POST",
      headers: { "Content-Type": "application/x-tar" },
      body: await soakTar(images, 2 * PX),
    });
    if (dataset) this.#datasets.set(dataset.id as string, images);
    const [oldest] = this.#datasets.keys();
    if (this.#datasets.size <= MAX_DATASETS || await this.#isUsed(oldest)) return;
    this.#datasets.delete(oldest); // from here on it may be gone, whatever is heard of it
    if (await this.#ask(`/v1/datasets/${oldest}`, { method: "DELETE" })) this.#deleted++;
  }
  async #isUsed(dataset: string): Promise<boolean> {
    const jobs = (await this.#ask("/v1/jobs?limit=100"))?.data as
      | { dataset: string; status: string }[]
      | undefined;
    return !jobs ||
      jobs.some((job) => job.dataset === dataset && ["queued", "running", "paused"].includes(job.status));
  }

  async #submit(): Promise<void> {
    const unfinished = await Promise.all(
      ["queued", "running"].map(async (status) =>
        (await this.#ask(`/v1/jobs?status=${status}`))?.data as unknown[]
      ),
    );
    if (unfinished.some((jobs) => !jobs) || unfinished.flat().length >= MAX_UNFINISHED) return;
    const dataset = await this.#readyDataset();
    if (!dataset) return;
    const { kind, config } = drawJob(this.random, this.#embedding?.model, PX);
    // Two of the same within a minute would be one.
    const job = await this.#post("/v1/jobs", { kind, dataset, config, metadata: { n: crypto.randomUUID() } });
    if (!job) return;
    const id = job.id as string;
    this.#jobs.set(id, "succeeded");
    this.#kinds.set(kind, (this.#kinds.get(kind) ?? 0) + 1);
    const fate = this.random.below(8);
    if (fate > 1 || !["pretrain", "finetune"].includes(kind)) return;
    await new Promise((resolve) => setTimeout(resolve, this.random.below(3000)));
    const isOver = (body: Json | undefined) =>
      !body || !["queued", "running"].includes(body.status as string);
    if (isOver(await this.#ask(`/v1/jobs/${id}`))) return;
    if (fate === 0) await this.#cancel(id);
    else await this.#pauseAndResume(id);
  }
  /** One of the last that were taken in, so that it is not deleted soon. */
  async #readyDataset(): Promise<string | undefined> {
    const { data = [] } = (await this.#ask("/v1/datasets?limit=10") ?? {}) as {
      data?: { id: string; status: string }[];
    };
    return data.find(({ id, status }) => status === "ready" && this.#datasets.has(id))?.id;
  }
  async #cancel(id: string): Promise<void> {
    const response = await this.server().fetch(`/v1/jobs/${id}/cancel`, { method: "POST" });
    await response.body?.cancel();
    if (response.ok) this.#jobs.set(id, "cancelled");
  }
  async #pauseAndResume(id: string): Promise<void> {
    const paused = await this.server().fetch(`/v1/jobs/${id}/pause`, { method: "POST" });
    await paused.body?.cancel();
    for (let resumed = !paused.ok; !resumed;) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      resumed = await this.server().fetch(`/v1/jobs/${id}/resume`, { method: "POST" })
        .then(
          async (response) => (await response.body?.cancel(), response.ok || response.status === 409),
          () => false,
        );
    }
  }

  async #embed(input: string): Promise<void> {
    if (!this.#embedding) return await this.#chooseModel(input);
    const { model, row } = this.#embedding,
      body = await this.#post("/v1/embeddings", { model: ALIAS, input });
    if (!body) return await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    const got = JSON.stringify((body.data as { embedding: unknown }[])[0].embedding);
    if (got !== row) throw new Error(`the embedding of ${model} has changed`);
    this.#embedded++;
  }
  async #chooseModel(input: string): Promise<void> {
    const jobs = (await this.#ask("/v1/jobs?status=succeeded&kind=pretrain&limit=1"))?.data as {
      id: string;
    }[] | undefined;
    if (!jobs?.length) return await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    const { data } = await this.#ask(`/v1/jobs/${jobs[0].id}/checkpoints`) as { data: { id: string }[] };
    const model = data[0].id;
    if (!await this.#post(`/v1/models/${ALIAS}`, { checkpoint: model }, "PUT")) return;
    const body = await this.#post("/v1/embeddings", { model: ALIAS, input });
    if (!body || this.#embedding) return;
    this.#embedding = { model, row: JSON.stringify((body.data as { embedding: unknown }[])[0].embedding) };
  }

  async #search(): Promise<void> {
    const dataset = this.#embedding && await this.#readyDataset();
    if (!dataset) return;
    const k = 3, body = await this.#post("/v1/neighbors", { model: ALIAS, dataset, input: { item: 0 }, k });
    if (!body) return; // its index is in the making
    const [{ neighbors }] = body.data as { neighbors: unknown[] }[];
    if (neighbors.length !== k) throw new Error(`${neighbors.length} neighbours of ${k} in ${dataset}`);
    this.#searched++;
  }
  async #import(): Promise<void> {
    if (!this.#embedding) return;
    const response = await this.server().fetch(
      `/v1/checkpoints/${this.#embedding.model}/files/model.safetensors`,
    );
    if (!response.ok) return void await response.body?.cancel();
    const made = await this.#ask("/v1/checkpoints?arch=cifar_resnet8", {
      method: "POST",
      headers: { "Content-Type": "application/octet-stream" },
      body: await response.bytes(),
    });
    if (!made) return;
    const { sha256 } = (made.files as Hashed[]).find(({ name }) => name === "model.safetensors")!;
    this.#imports.set(made.id as string, sha256);
  }
}
