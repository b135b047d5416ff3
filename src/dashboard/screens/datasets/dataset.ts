import type { Schemas } from "../../../client/client.ts";

/** A dataset as the API answers it; its tuples come out of the typed client as arrays. */
export type Dataset = Omit<Schemas["Dataset"], "channel_mean" | "channel_std"> & {
  channel_mean: readonly number[] | null;
  channel_std: readonly number[] | null;
};
