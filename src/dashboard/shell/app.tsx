import { useEffect, useRef, useState } from "preact/hooks";
import { address } from "../live/address.ts";
import { outage, reportLost, whenAlive } from "../live/connection.ts";
import { session, startSession } from "../live/session.ts";
import { ErrorState, Skeleton } from "../parts/states.tsx";
import { ConnectionBanner, ServerGone } from "./connection_banner.tsx";
import { KeyGate } from "./key_gate.tsx";
import { Navigation } from "./navigation.tsx";
import { Outlet } from "./outlet.tsx";
import { Toaster } from "./toaster.tsx";

/** The whole page: who we are comes first, then the navigation and the screen that the address names. */
export function App() {
  const [fault, setFault] = useState<Error>();
  useEffect(() => void start(setFault), []);
  const { state } = session.value;
  if (fault) {
    return (
      <main class="alone">
        <ErrorState error={fault} title="latentd could not be asked" />
      </main>
    );
  }
  if (state === "locked") return <KeyGate />;
  return (
    <div class="shell">
      <a class="skip" href="#main" onClick={skip}>Skip to the content</a>
      {state === "ready" ? <Navigation /> : <div class="side" />}
      <div class="stage">
        <ConnectionBanner />
        <main id="main" tabIndex={-1}>
          {state === "ready" ? <Watched /> : outage.value ? <ServerGone /> : <Skeleton lines={6} />}
        </main>
      </div>
      <Toaster />
    </div>
  );
}

/** The screen; after a navigation, but not at first, its heading gets the focus and its top is shown. */
function Watched() {
  const { path, query } = address.value, shown = useRef(path);
  const onReady = () => {
    if (shown.current === path) return;
    shown.current = path;
    scrollTo(0, 0);
    document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true });
  };
  return <Outlet path={path} query={query} onReady={onReady} />;
}

/** The address is a hash, so the link must not change it. */
function skip(event: MouseEvent): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

/** Finds out who we are, however long the server is away. */
async function start(onFault: (error: Error) => void): Promise<void> {
  while (session.value.state === "starting") {
    try {
      await startSession();
    } catch (error) {
      if (!(error instanceof TypeError)) return onFault(error as Error);
      reportLost();
      await whenAlive();
    }
  }
}
