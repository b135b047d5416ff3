import type { ComponentChildren } from "preact";
import { Refused } from "../../client/client.ts";
import type { Query } from "../live/query.ts";
import { Button } from "./button.tsx";
import { Icon, type IconName } from "./icon.tsx";

/** Nothing is there, and what to do about it. */
export function EmptyState({ icon, title, children, actions }: {
  icon?: IconName;
  title: string;
  children?: ComponentChildren;
  actions?: ComponentChildren;
}) {
  return (
    <div class="state">
      {icon && (
        <span class="state-icon">
          <Icon name={icon} size={22} />
        </span>
      )}
      <p class="state-title">{title}</p>
      {children && <div class="state-text">{children}</div>}
      {actions && <div class="state-actions">{actions}</div>}
    </div>
  );
}

/** What a reader can do about a refusal, by its status. */
const ADVICE: Record<number, string> = {
  401: "The server wants a valid key: load this page again to enter one.",
  403: "Your key may not do that. Ask whoever runs the server for one with the scope that is named.",
  404: "It may have been deleted, or the address is not whole.",
  409: "Something else has to happen first: see what it says, then try again.",
  413: "Send less at once, or have the server's limit raised.",
  429: "The server is busy. It is asked again by itself.",
  503: "What it needs is still starting, or has failed: System shows which.",
  507: "Free room on the server's disk: delete checkpoints or datasets that nobody needs.",
};

/** What went wrong, as the server tells it, its id in the log, and what to do. @param retry Offered as a button. */
export function ErrorState({ error, retry, title = "This could not be loaded" }: {
  error: Error;
  retry?: () => void;
  title?: string;
}) {
  const refused = error instanceof Refused ? error : undefined, status = refused?.response.status;
  const id = refused?.response.headers.get("X-Request-Id");
  const lost = error instanceof TypeError;
  return (
    <div class="state state-bad" role="alert">
      <span class="state-icon">
        <Icon name="warning" size={22} />
      </span>
      <p class="state-title">{title}</p>
      <div class="state-text">
        <p>{lost ? "The server does not answer." : error.message}</p>
        {refused?.problem?.errors?.map(({ detail, pointer }) => (
          <p key={`${pointer} ${detail}`}>
            <code>{pointer}</code> {detail}
          </p>
        ))}
        <p class="soft">
          {lost
            ? "It may have been stopped, or the network is down. It is looked for again by itself."
            : status === undefined
            ? "This is a fault of the dashboard: loading the page again may mend it."
            : ADVICE[status] ?? (status >= 500 ? "The server's log has more, under the request's id." : "")}
        </p>
        {id && (
          <p class="soft">
            Request <code>{id}</code>
            {status && ` · status ${status}`}
          </p>
        )}
      </div>
      {retry && (
        <div class="state-actions">
          <Button icon="refresh" onClick={retry}>Try again</Button>
        </div>
      )}
    </div>
  );
}

/** Grey bars where content is about to be. @param lines How many. */
export function Skeleton({ lines = 3 }: { lines?: number }) {
  return (
    <div class="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, n) => <span key={n} class={`skeleton-line skeleton-${n % 3}`} />)}
    </div>
  );
}

/** What a query has come to: grey bars, an error, or `children` of its data. An error beside old data is a line above it. */
export function Loaded<T>({ query, lines, children }: {
  query: Query<T>;
  lines?: number;
  children: (data: T) => ComponentChildren;
}) {
  const { data, error, refresh } = query;
  if (data === undefined) {
    return error ? <ErrorState error={error} retry={refresh} /> : <Skeleton lines={lines} />;
  }
  return (
    <>
      {error && !(error instanceof TypeError) && (
        <p class="notice notice-bad" role="alert">
          <Icon name="warning" /> Not up to date: {error.message}
        </p>
      )}
      {children(data)}
    </>
  );
}

/** A line of advice, or of warning, within a screen. */
export function Notice({ tone = "plain", children }: {
  tone?: "plain" | "bad" | "warning" | "good";
  children: ComponentChildren;
}) {
  return (
    <div class={`notice notice-${tone}`}>
      <Icon name={tone === "good" ? "check" : tone === "plain" ? "info" : "warning"} />
      <div>{children}</div>
    </div>
  );
}
