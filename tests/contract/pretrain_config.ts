import { PretrainRequest, type ResolvedPretrainConfig } from "../../src/domain/pretrain.ts";
import { resolvePretrainConfig } from "../../src/jobs/resolve_config.ts";
import { aDataset } from "./store_contract.ts";

/** What a job makes of `sent` on an unlabelled split of `images` images. @throws {z.ZodError} As the API would refuse it. */
export function aPretrainConfig(sent: Record<string, unknown>, images: number): ResolvedPretrainConfig {
  const splits = { train: { images, classes: {} } };
  return resolvePretrainConfig(PretrainRequest.parse(sent), aDataset({ status: "ready", splits }));
}
