import type { Schemas } from "../../../../client/client.ts";

export type Checkpoint = Schemas["Checkpoint"];
