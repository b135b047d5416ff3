import type { NeighborIndexKey, NeighborIndexLibrary } from "../domain/neighbors.ts";
import type { Store } from "../domain/ports.ts";
import { log } from "../log/log.ts";

/**
 * Removes the indexes of neighbours whose checkpoint or dataset is gone, or has another fingerprint by now. Unlike those
 * two they can be made again, so that what nobody lists need not be left.
 */
export class IndexUpkeep {
  #tidied: Promise<void> = Promise.resolve();

  constructor(
    readonly options: {
      store: Pick<Store, "getCheckpoint" | "listDatasets">;
      library: NeighborIndexLibrary;
      /** What else is kept of datasets by their fingerprints, and can be made again. */
      atlases?: { keepOnly(fingerprints: ReadonlySet<string>): Promise<void> };
      finder: {
        /** Gives up what is being made and not wanted. */
        giveUp(
          isWanted: (key: Pick<NeighborIndexKey, "checkpoint" | "fingerprint">) => boolean,
        ): Promise<void>;
      };
    },
  ) {}

  /** To be called once, before anything is searched: what was not finished goes, too. */
  async start(): Promise<void> {
    await this.options.library.sweep();
    await this.tidy();
  }

  /** To be called whenever a checkpoint or a dataset has gone or changed, or an index was made. A failure is logged. */
  tidy(): Promise<void> {
    return this.#tidied = this.#tidied.then(() => this.#tidy()).catch((error) =>
      log.error("Cannot remove indexes of what is gone", error)
    );
  }

  async #tidy(): Promise<void> {
    const { store, library, finder, atlases } = this.options, all = await library.list();
    if (all.length === 0 && !atlases) return;
    const fingerprints = new Set(fingerprintsOf(store));
    await atlases?.keepOnly(fingerprints);
    const isWanted = ({ checkpoint, fingerprint }: Pick<NeighborIndexKey, "checkpoint" | "fingerprint">) =>
      store.getCheckpoint(checkpoint) !== undefined && fingerprints.has(fingerprint);
    await finder.giveUp(isWanted);
    for (const { name, ...key } of all) if (!isWanted(key)) await library.remove(name);
  }
}

function* fingerprintsOf(store: Pick<Store, "listDatasets">): Generator<string> {
  let after: string | undefined;
  for (;;) {
    const { data, has_more } = store.listDatasets({ after, limit: 1000 });
    for (const { fingerprint } of data) if (fingerprint !== null) yield fingerprint;
    if (!has_more) return;
    after = data.at(-1)!.id;
  }
}
