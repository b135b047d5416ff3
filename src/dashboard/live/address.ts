import { signal } from "@preact/signals";

/** Where the page is: `#/jobs/job_…?tab=log` is the path `/jobs/job_…` and the query `tab=log`. */
export interface Address {
  path: string;
  query: URLSearchParams;
}

const read = (): Address => {
  const [path, query = ""] = location.hash.slice(1).split("?", 2);
  return { path: path || "/", query: new URLSearchParams(query) };
};

/** Changes whenever the hash does, by whatever means; reading it in a component subscribes that. */
export const address = signal<Address>(read());
addEventListener("hashchange", () => address.value = read());

/** What leads there, for an `<a href>`; parts of a query that are undefined or empty are left out. */
export function href(path: string, query: Record<string, string | number | undefined> = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return `#${path}${text ? `?${text}` : ""}`;
}

/** Goes there, as a link would: the browser's back comes back. */
export function goTo(path: string, query?: Record<string, string | number | undefined>): void {
  location.hash = href(path, query);
}

/** Changes parts of the query, in place: a filter's every letter is no step back. Undefined or empty takes one out. */
export function setQuery(changes: Record<string, string | number | undefined>): void {
  const { path, query } = address.peek();
  history.replaceState(null, "", href(path, { ...Object.fromEntries(query), ...changes }));
  address.value = read();
}
