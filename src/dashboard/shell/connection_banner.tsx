import { outage, retryNow } from "../live/connection.ts";
import { Button } from "../parts/button.tsx";
import { Icon } from "../parts/icon.tsx";

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
          </span>
          <Button size="small" onClick={retryNow}>Retry now</Button>
        </div>
      )}
    </div>
  );
}
