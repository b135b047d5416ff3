import { assert } from "@std/assert";

/** A small file system in memory, mounted where a test may fill it. */
export class SmallDisk {
  /** Why it cannot be mounted here; undefined where it can. */
  readonly hindrance: string | undefined;
  private constructor(readonly path: string, readonly megabytes: number, hindrance: string | undefined) {
    this.hindrance = hindrance;
  }

  /** Finds out whether it can be mounted, to say so in a test's name; `mount` then does. */
  static async find(megabytes: number): Promise<SmallDisk> {
    const path = await Deno.makeTempDir({ prefix: "latentd-e2e-disk-" });
    addEventListener("unload", () => Deno.removeSync(path));
    const hindrance = await mount(path, megabytes);
    const disk = new SmallDisk(path, megabytes, hindrance);
    if (hindrance === undefined) await disk.unmount();
    return disk;
  }

  /** What a test's name says where it cannot run. */
  get note(): string {
    return this.hindrance === undefined
      ? ""
      : ` (not run, for no file system can be mounted here: ${this.hindrance})`;
  }
  async mount(): Promise<void> {
    assert(await mount(this.path, this.megabytes) === undefined);
  }
  async unmount(): Promise<void> {
    await new Deno.Command("umount", { args: [this.path] }).output();
  }
}

/** @returns Why it cannot; undefined once it has. */
async function mount(path: string, megabytes: number): Promise<string | undefined> {
  try {
    const args = ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", path];
    const { success, stderr } = await new Deno.Command("mount", { args }).output();
    return success ? undefined : new TextDecoder().decode(stderr).trim();
  } catch (error) {
    return (error as Error).message;
  }
}

/** Writes until nothing more fits. */
export async function fill(path: string): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true });
  for (let size = 2 ** 20; size >= 1;) {
    try {
      for (const bytes = new Uint8Array(size);;) assert(file.writeSync(bytes) > 0);
    } catch { // it does not fit: a smaller piece may
      size >>= 1;
    }
  }
}
