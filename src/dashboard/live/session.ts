import { signal } from "@preact/signals";
import { Client, Refused, type Schemas } from "../../client/client.ts";
import { reportAlive, reportLost } from "./connection.ts";

export type Scope = Schemas["Key"]["scopes"][number];
/** Whom the server takes us for; `locked` says why it wants a key, or another one. */
export type Session =
  | { state: "starting" }
  | { state: "locked"; why: "no key" | "wrong key" | "lacks read" }
  | { state: "ready"; name: string | null; scopes: readonly Scope[] };

const STORED = "latentd.key";

export const session = signal<Session>({ state: "starting" });
/** The key that requests are sent with; undefined where none has been given. */
let key = sessionStorage.getItem(STORED) ?? localStorage.getItem(STORED) ?? undefined;
let client = connect();

function connect(): Client {
  const made = new Client(location.origin, { key });
  made.calls.use({
    onResponse({ response }) {
      reportAlive();
      if (response.status === 401) session.value = { state: "locked", why: key ? "wrong key" : "no key" };
      return undefined;
    },
    onError({ error }) {
      if (error instanceof TypeError) reportLost(); // what fetch throws where nobody answers
      return undefined;
    },
  });
  return made;
}

/** The typed API: `calls().GET("/v1/jobs", { signal })`; throws `Refused` for whatever is not 2xx. */
export const calls = (): Client["calls"] => client.calls;
/** The client, for what takes more than one call. */
export const apiClient = (): Client => client;
/** The headers that a request of one's own needs. */
export const authorization = (): Record<string, string> =>
  key === undefined ? {} : { Authorization: `Bearer ${key}` };
/** Whether requests need a header, which an `<img>` cannot send. */
export const usesKey = (): boolean => key !== undefined;

/** What a call answered. @throws {Refused} If it was refused. */
export async function dataOf<T>(call: Promise<{ data?: T }>): Promise<T> {
  return (await call).data!;
}

/** Whether the key may do that; reads a signal, so a component that asks is drawn anew when it changes. */
export function can(scope: Scope): boolean {
  const { value } = session;
  return value.state === "ready" && (value.scopes.includes(scope) || value.scopes.includes("admin"));
}

/** Asks the server what we may do; leaves that in `session`. */
export async function startSession(): Promise<void> {
  try {
    const { name, scopes } = await dataOf(client.calls.GET("/v1/key"));
    session.value = { state: "ready", name, scopes };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.response.status === 403) session.value = { state: "locked", why: "lacks read" };
    else if (error.response.status !== 401) throw error;
  }
}

/** Tries a key, and keeps it if it is good: until the browser closes, or on this computer. */
export async function unlock(tried: string, remember: boolean): Promise<void> {
  key = tried;
  client = connect();
  await startSession();
  if (session.value.state === "ready") (remember ? localStorage : sessionStorage).setItem(STORED, tried);
}

/** Forgets the key, wherever it is kept. */
export function forgetKey(): void {
  for (const storage of [localStorage, sessionStorage]) storage.removeItem(STORED);
  key = undefined;
  location.reload(); // and with it whatever the page had fetched by it
}
