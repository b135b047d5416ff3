/** What every screen gets. By itself, since `routes.ts` imports the screens. */
export interface ScreenProps {
  /** The path's own parts, by their names in the route. */
  params: Record<string, string>;
  /** What stands behind the address's `?`. */
  query: URLSearchParams;
}
