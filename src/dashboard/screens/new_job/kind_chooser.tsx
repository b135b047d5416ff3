/** What each kind is for, in a line; one that is not here is offered by its name. */
const ABOUT: Record<string, [name: string, about: string]> = {
  pretrain: ["Pretrain", "Learn an encoder from images, without labels (BYOL)"],
  knn: ["k-NN", "Judge a checkpoint by its neighbours' labels"],
  linear_probe: ["Linear probe", "Judge it by a linear classifier of its embeddings"],
  finetune: ["Fine-tune", "Train a classifier from a checkpoint with few labels"],
  embed: ["Embed", "Write a dataset's embeddings to a file"],
};

/** The kinds of jobs, as radio buttons. */
export function KindChooser({ kinds, chosen, onChoose }: {
  kinds: string[];
  chosen: string;
  onChoose: (kind: string) => void;
}) {
  return (
    <fieldset class="newjob-kinds">
      <legend class="unseen">Kind of job</legend>
      {kinds.map((kind) => {
        const [name, about] = ABOUT[kind] ?? [kind, ""];
        return (
          <label key={kind} class={kind === chosen ? "newjob-kind newjob-chosen" : "newjob-kind"}>
            <input
              type="radio"
              name="kind"
              value={kind}
              checked={kind === chosen}
              onChange={() => onChoose(kind)}
            />
            <b>{name}</b>
            <span class="soft">{about}</span>
          </label>
        );
      })}
    </fieldset>
  );
}
