import { Component, type ComponentChildren, type ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { href } from "../live/address.ts";
import { Button } from "../parts/button.tsx";
import { PageHead } from "../parts/section.tsx";
import { EmptyState, ErrorState, Skeleton } from "../parts/states.tsx";
import { findRoute, type Route } from "../routes.ts";
import type { ScreenProps } from "../screen_props.ts";

const loaded = new Map<Route, ComponentType<ScreenProps>>();

/** The screen of a path, fetched if need be. @param onReady Called when a path's screen is there. */
export function Outlet(
  { path, query, onReady }: { path: string; query: URLSearchParams; onReady: () => void },
) {
  const found = findRoute(path), route = found?.route;
  const [, setLoads] = useState(0), [fault, setFault] = useState<Error>();
  useEffect(() => {
    setFault(undefined);
    if (!route || loaded.has(route)) return;
    let wanted = true;
    route.load().then(({ Screen }) => {
      loaded.set(route, Screen);
      if (wanted) setLoads((count) => count + 1);
    }, (error) => wanted && setFault(error));
    return () => void (wanted = false);
  }, [route]);
  const Screen = route && loaded.get(route), there = Screen !== undefined || !route;
  useEffect(() => {
    if (there) onReady();
  }, [path, there]);
  if (!found) return <NoScreen path={path} />;
  if (fault) return <LoadFailed error={fault} />;
  if (!Screen) return <Skeleton lines={6} />;
  return (
    <Guard key={path}>
      <Screen params={found.params} query={query} />
    </Guard>
  );
}

function NoScreen({ path }: { path: string }) {
  return (
    <>
      <PageHead title="Not found" />
      <EmptyState
        icon="search"
        title={`There is no screen at ${path}`}
        actions={<Button href={href("/")}>Go home</Button>}
      >
        The address may not be whole.
      </EmptyState>
    </>
  );
}

/** A part of the dashboard did not come: as a rule the server has another version by now, whose parts have other names. */
function LoadFailed({ error }: { error: Error }) {
  return (
    <>
      <PageHead title="Not loaded" />
      <EmptyState
        icon="refresh"
        title="This part of the dashboard could not be fetched"
        actions={<Button kind="primary" onClick={() => location.reload()}>Load the page again</Button>}
      >
        Either the connection was lost, or the server has been upgraded since this page was opened. ({error
          .message})
      </EmptyState>
    </>
  );
}

/** A screen that breaks takes neither the navigation nor other screens with it. */
class Guard extends Component<{ children: ComponentChildren }, { error?: Error }> {
  override state: { error?: Error } = {};
  static override getDerivedStateFromError = (error: Error) => ({ error });
  override componentDidCatch(error: Error): void {
    reportError(error); // to the browser's console, and to tests
  }
  override render() {
    if (!this.state.error) return this.props.children;
    return (
      <>
        <PageHead title="This screen broke" />
        <ErrorState
          error={this.state.error}
          title="This screen broke"
          retry={() => this.setState({ error: undefined })}
        />
      </>
    );
  }
}
