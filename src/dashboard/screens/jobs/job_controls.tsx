import { Button, IconButton } from "../../parts/button.tsx";
import { ConfirmDialog } from "../../parts/dialog.tsx";
import type { IconName } from "../../parts/icon.tsx";
import { act, cancelling, isBusy, statusOf, type Verb, verbsFor } from "./job_actions.ts";
import { type Job, KIND_NAMES } from "./job_filter.ts";

const LOOK: Record<Verb, { icon: IconName; name: string }> = {
  pause: { icon: "pause", name: "Pause" },
  resume: { icon: "play", name: "Resume" },
  cancel: { icon: "stop", name: "Cancel" },
};

/** What can be done to a job, as pictures in a row of a table or as words. */
export function JobControls({ job, words = false }: { job: Job; words?: boolean }) {
  const verbs = verbsFor({ status: statusOf(job) }), busy = isBusy(job);
  const press = (verb: Verb) => {
    if (verb === "cancel") cancelling.value = job;
    else void act(job, verb);
  };
  return (
    <span class="jobs-controls">
      {verbs.map((verb) => {
        const { icon, name } = LOOK[verb],
          common = { icon, needs: "train", busy, onClick: () => press(verb) } as const;
        return words
          ? <Button key={verb} {...common} kind={verb === "cancel" ? "danger" : "plain"}>{name}</Button>
          : <IconButton key={verb} {...common} label={`${name} ${job.id}`} />;
      })}
    </span>
  );
}

/** Asks before a job is cancelled; one a screen. */
export function CancelDialog() {
  const job = cancelling.value;
  return (
    <ConfirmDialog
      {...{ title: "Cancel this job?", act: "Cancel job", open: job !== undefined }}
      onClose={() => cancelling.value = undefined}
      onConfirm={() => {
        if (job) void act(job, "cancel");
        cancelling.value = undefined;
      }}
    >
      {job && (
        <p>
          {KIND_NAMES[job.kind]} <code>{job.id}</code>{" "}
          stops for good. Checkpoints that it has kept stay; a pause, instead, could be taken back.
        </p>
      )}
    </ConfirmDialog>
  );
}
