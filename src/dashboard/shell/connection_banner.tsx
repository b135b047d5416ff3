import { outage, retryNow } from "../live/connection.ts";
import { Button } from "../parts/button.tsx";
import { Icon } from "../parts/icon.tsx";
import { PageHead } from "../parts/section.tsx";
import { EmptyState } from "../parts/states.tsx";

/** Looks in vain after which it is no passing fault: 1 + 2 + 4 s. */
const TRIES_TO_TELL = 4;

/** That the server does not answer, and when it is tried again; gone by itself when it does. */
export function ConnectionBanner() {
  const away = outage.value;
  return (
    <div class="banner-place" role="status">
      {away && (
        <div class="banner">
          <Icon name="warning" />
          {/* The seconds are not said: a screen reader would be interrupted by each. */}
          <span>
            Connection lost.{" "}
            <span aria-hidden="true">
              {away.secondsLeft > 0 ? `Retrying in ${away.secondsLeft} s.` : "Retrying …"}
            </span>
            {away.tries >= TRIES_TO_TELL && (
              <span class="banner-advice">
                What you see is as it was. If the server has ended, start it again on its machine:{" "}
                <code>deno task serve</code> or{" "}
                <code>docker compose up</code>; its jobs go on from their last checkpoints.
              </span>
            )}
          </span>
          <Button size="small" onClick={retryNow}>Retry now</Button>
        </div>
      )}
    </div>
  );
}

/** In place of a screen where the server is gone before it has answered at all. */
export function ServerGone() {
  return (
    <>
      <PageHead title="No answer" />
      <EmptyState
        icon="warning"
        title="The server does not answer"
        actions={<Button kind="primary" icon="refresh" onClick={retryNow}>Look again now</Button>}
      >
        <p>
          It is looked for again by itself. If it has ended, start it on its machine by{" "}
          <code>deno task serve</code> or{" "}
          <code>docker compose up</code>; jobs go on from their last checkpoints. If it runs, its log says why
          it is silent, and <code>deno task doctor</code> what this machine lacks.
        </p>
      </EmptyState>
    </>
  );
}
