import { join } from "@std/path";
import type { StepCase } from "./cases.ts";
import { ContenderProcess } from "./contender_process.ts";
import { type GpuChoice, gpuChoice } from "./gpu_choice.ts";

/** A contender that is asked turn by turn. */
export interface Turns {
  name: string;
  /** PyTorch's, by which ratios are told; of ours none. */
  precision?: string;
  /** Whether it is ours in mixed precision, which targets are set for. */
  mixed?: boolean;
  /** @throws {Error} If it cannot be run. */
  ms(): Promise<number>;
}

/** Ours under one provider, precision and set of toggles. */
export class OurTurns {
  readonly name: string;
  constructor(readonly provider: string, readonly precision: string, readonly toggles: string) {
    const opened = provider === "env" ? "" : ` ${provider}`;
    this.name = `latentd${opened} ${precision}${toggles === "none" ? "" : `, ${toggles}`}`;
  }
  get choice(): GpuChoice {
    return gpuChoice({ provider: this.provider, toggles: this.#names });
  }
  get #names(): string {
    return this.toggles.replaceAll("+", ",");
  }

  /** @param directory Where what was tuned is kept from one turn to the next. */
  turns(shape: StepCase, what: "step" | "embed", directory: string): Turns {
    const args = ["--provider", this.provider, "--toggles", this.#names];
    args.push("--tuning", join(directory, `${this.provider}-${this.#names}.json`));
    const { arch, px, batch } = shape, { precision } = this;
    const question = what === "embed" ? { embed: { arch, px, batch } } : { step: { ...shape, precision } };
    return {
      name: this.name,
      mixed: precision === "mixed",
      async ms() {
        const process = new ContenderProcess(this.name, "./ours.ts", args);
        try {
          return await process.ask(question);
        } finally {
          await process.end();
        }
      },
    };
  }
}
