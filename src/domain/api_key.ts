/** What a key may be allowed to do; `admin` may do all. */
export const SCOPES = ["read", "embed", "train", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** How every key looks, wherever one stands. */
export const KEY_PATTERN = /lat_[A-Za-z0-9_-]{43}/;

/** Whose key a request came with. */
export interface Caller {
  name: string;
  scopes: readonly Scope[];
}

/** The keys that the server takes. */
export interface KeyRing {
  /** Whose key this is, as of now; undefined for one that is unknown, revoked or expired. */
  find(key: string): Caller | undefined;
}

export const mayDo = ({ scopes }: Caller, scope: Scope): boolean =>
  scopes.includes(scope) || scopes.includes("admin");
