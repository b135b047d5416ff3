import { useState } from "preact/hooks";
import { Refused, type Schemas } from "../../../client/client.ts";
import { goTo, href } from "../../live/address.ts";
import { invalidate } from "../../live/query.ts";
import { calls, dataOf } from "../../live/session.ts";
import { toast } from "../../live/toasts.ts";
import { Button } from "../../parts/button.tsx";
import { ConfirmDialog } from "../../parts/dialog.tsx";
import { formatBytes, formatCount } from "../../parts/format.ts";
import { Notice } from "../../parts/states.tsx";
import { StatusPill } from "../../parts/status_pill.tsx";
import { AddPart } from "./add_part.tsx";
import type { Dataset } from "./dataset.ts";

/** What can be done with a dataset. */
export function DatasetActions({ dataset }: { dataset: Dataset }) {
  const { id, status } = dataset, [open, setOpen] = useState<"part" | "delete">();
  const notReady = status !== "ready" && `It is ${status}`;
  return (
    <>
      <Button icon="views" href={href("/views", { dataset: id })} blocked={notReady}>Views</Button>
      <Button icon="map" href={href("/map", { dataset: id })} blocked={notReady}>Map</Button>
      <Button icon="add" needs="train" blocked={notReady} onClick={() => setOpen("part")}>Add a part</Button>
      <Button icon="trash" kind="danger" needs="admin" onClick={() => setOpen("delete")}>Delete</Button>
      <Button
        icon="play"
        kind="primary"
        needs="train"
        blocked={notReady}
        href={href("/new", { dataset: id })}
      >
        Train on this
      </Button>
      {open === "part" && <AddPart dataset={dataset} onClose={() => setOpen(undefined)} />}
      {open === "delete" && <Delete dataset={dataset} onClose={() => setOpen(undefined)} />}
    </>
  );
}

type User = Pick<Schemas["Job"], "id" | "kind" | "status">;

function Delete({ dataset: { id, name, counts }, onClose }: { dataset: Dataset; onClose: () => void }) {
  const [busy, setBusy] = useState(false), [error, setError] = useState<string>();
  const [users, setUsers] = useState<User[]>([]);
  const remove = async () => {
    setBusy(true);
    try {
      await calls().DELETE("/v1/datasets/{id}", { params: { path: { id } } });
      toast(`${name} is deleted`, "good");
      invalidate("datasets");
      goTo("/datasets");
    } catch (error) {
      setError((error as Error).message);
      if (error instanceof Refused && error.response.status === 409) setUsers(await usersOf(id));
    } finally {
      setBusy(false);
    }
  };
  return (
    <ConfirmDialog
      title={`Delete ${name}?`}
      act="Delete dataset"
      open
      {...{ onClose, busy }}
      onConfirm={remove}
    >
      <p>
        {formatCount(counts.images)} images,{" "}
        {formatBytes(counts.bytes)}, go for good. Models that have learned from them stay.
      </p>
      {error && (
        <div role="alert">
          <Notice tone="bad">
            <p>{error}</p>
            {users.length > 0 && (
              <ul class="datasets-users">
                {users.map(({ id, kind, status }) => (
                  <li key={id} class="row">
                    <a href={href(`/jobs/${id}`)}>
                      {kind} <code>{id}</code>
                    </a>{" "}
                    <StatusPill status={status} />
                  </li>
                ))}
              </ul>
            )}
          </Notice>
        </div>
      )}
    </ConfirmDialog>
  );
}

/** The jobs that have not ended and use a dataset; none, if they cannot be asked for. */
async function usersOf(dataset: string): Promise<User[]> {
  const query = { dataset, status: "queued,running,paused" as never, limit: 20 };
  return (await dataOf(calls().GET("/v1/jobs", { params: { query } })).catch(() => undefined))?.data ?? [];
}
