import { noiseTar } from "./noise.ts";
import type { TestServer } from "./server.ts";

/** Models of noise to embed with: the ids of checkpoints, each the last of a run of one step of its own seed. */
export async function modelsOf(server: TestServer, count: number, px: number): Promise<string[]> {
  const { id: dataset } = await server.json("/v1/datasets?name=noise", {
    method: "POST",
    headers: { "Content-Type": "application/x-tar" },
    body: await noiseTar(px, px),
  });
  await server.until(() => server.json(`/v1/datasets/${dataset}`), ({ status }) => status === "ready");
  const made: string[] = [];
  for (let seed = 0; seed < count; seed++) {
    const config = { arch: "cifar_resnet8", px, batch: px, steps: 1, seed, evaluate: null };
    const { id } = await (await server.post("/v1/jobs", { kind: "pretrain", dataset, config })).json();
    await server.until(() => server.json(`/v1/jobs/${id}`), ({ status }) => status === "succeeded");
    const { data } = await server.json(`/v1/jobs/${id}/checkpoints`);
    made.push((data as { id: string }[])[0].id);
  }
  return made;
}
