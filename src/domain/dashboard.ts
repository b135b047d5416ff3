/** One file of the built dashboard, under a name that has a hash of its content. */
export interface DashboardAsset {
  mediaType: string;
  bytes: Uint8Array<ArrayBuffer>;
  gzip: Uint8Array<ArrayBuffer>;
}

/** The dashboard as it was last built. */
export interface DashboardFiles {
  /** The page that loads all else, and a hash of it; undefined where nothing is built. */
  page(): Promise<{ html: string; hash: string } | undefined>;
  /** Undefined for a name that the build's manifest does not have. */
  asset(name: string): Promise<DashboardAsset | undefined>;
}
