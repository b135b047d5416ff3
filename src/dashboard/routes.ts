/**
 * Every screen: one line each. A screen is loaded when it is first opened, so what only it needs does not weigh on the rest.
 *
 * To add one: `screens/<name>/<name>_screen.tsx` exports `Screen`, which gets `{ params, query }`, begins with `<PageHead>`
 * (its title is the document's, and takes the focus) and fetches by `useQuery`; styles go beside it in a `.css` of its own,
 * whose classes begin with the screen's name. `:id` in a path is a part that `params.id` has. The first line that fits wins.
 */
import type { ComponentType } from "preact";
import type { IconName } from "./parts/icon.tsx";
import type { ScreenProps } from "./screen_props.ts";

export interface Route {
  path: string;
  load: () => Promise<{ Screen: ComponentType<ScreenProps> }>;
}
export interface NavEntry {
  name: string;
  path: string;
  icon: IconName;
}

export const ROUTES: Route[] = [
  { path: "/", load: () => import("./screens/home/home_screen.tsx") },
  { path: "/jobs", load: () => import("./screens/jobs/jobs_screen.tsx") },
  { path: "/jobs/:id", load: () => import("./screens/jobs/job_screen.tsx") },
  { path: "/new", load: () => import("./screens/new_job/new_job_screen.tsx") },
  { path: "/datasets", load: () => import("./screens/datasets/datasets_screen.tsx") },
  { path: "/datasets/:id", load: () => import("./screens/datasets/dataset_screen.tsx") },
  { path: "/views", load: () => import("./screens/views/views_screen.tsx") },
  { path: "/neighbors", load: () => import("./screens/neighbors/neighbors_screen.tsx") },
  { path: "/map", load: () => import("./screens/map/map_screen.tsx") },
  { path: "/models", load: () => import("./screens/models/models_screen.tsx") },
  { path: "/models/:id", load: () => import("./screens/models/model_screen.tsx") },
  { path: "/system", load: () => import("./screens/system/system_screen.tsx") },
];

/** What the navigation shows, in groups. */
export const NAV: NavEntry[][] = [
  [
    { name: "Jobs", path: "/jobs", icon: "jobs" },
    { name: "Datasets", path: "/datasets", icon: "datasets" },
    { name: "Models", path: "/models", icon: "models" },
  ],
  [
    { name: "Views", path: "/views", icon: "views" },
    { name: "Neighbours", path: "/neighbors", icon: "neighbors" },
    { name: "Map", path: "/map", icon: "map" },
  ],
  [{ name: "System", path: "/system", icon: "system" }],
];

/** The route that a path is, and its parts; undefined if it is none. */
export function findRoute(path: string): { route: Route; params: Record<string, string> } | undefined {
  const asked = path.replace(/\/+$/, "").split("/");
  for (const route of ROUTES) {
    const wanted = route.path.replace(/\/+$/, "").split("/"), params: Record<string, string> = {};
    const fits = wanted.length === asked.length && wanted.every((part, n) => {
      if (!part.startsWith(":")) return part === asked[n];
      params[part.slice(1)] = decodeURIComponent(asked[n]);
      return asked[n] !== "";
    });
    if (fits) return { route, params };
  }
  return undefined;
}
