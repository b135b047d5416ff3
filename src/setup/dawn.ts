/** A Vulkan driver that Dawn accepts: this machine's, or a newer Mesa kept apart, which nothing else here loads. */
import { findAdapter, runs } from "./vulkan.ts";

/** An adapter that Dawn opens, and the environment in which it does. */
export interface DawnDriver {
  adapter: string;
  env: Record<string, string>;
}

const PACKAGE = "mesa-vulkan-drivers";
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/**
 * Finds a driver for Dawn. Where Debian 12's own software adapter is too old for it, backports' is fetched into a
 * directory of its own: nothing is installed, and who runs without `env` sees no difference.
 *
 * @returns In words why there is none, where there is none.
 */
export async function ensureDawnDriver(log: (line: string) => void): Promise<DawnDriver | string> {
  const own = await findAdapter("dawn");
  if (own) return { adapter: own, env: {} };
  const release = await Deno.readTextFile("/etc/os-release").catch(() => "");
  if (!/^VERSION_CODENAME=bookworm$/m.test(release) || Deno.build.arch !== "x86_64") {
    return "Dawn accepts no Vulkan driver of this machine; Mesa 25's software one would do";
  }
  const home = Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME") ?? "/tmp"}/.cache`;
  const directory = `${home}/latentd/mesa-backports`, manifest = `${directory}/lvp_icd.json`;
  const env = { VK_DRIVER_FILES: manifest, VK_ICD_FILENAMES: manifest }; // loaders before 1.3.207 know the latter
  const known = await Deno.stat(manifest).then(() => true, () => false);
  if (!known) {
    log(`Dawn accepts no Vulkan driver here; fetching ${PACKAGE} of bookworm-backports into ${directory} …`);
    const failed = await fetchBackport(directory, manifest);
    if (failed) return failed;
  }
  const adapter = await findAdapter("dawn", env);
  return adapter ? { adapter, env } : `Dawn does not accept the driver in ${directory} either`;
}

/** @returns In words what failed, or undefined. */
async function fetchBackport(directory: string, manifest: string): Promise<string | undefined> {
  for (const part of ["lists/partial", "cache/archives/partial", "download", "root"]) {
    await Deno.mkdir(`${directory}/${part}`, { recursive: true });
  }
  const archive = await debianArchive();
  await Deno.writeTextFile(
    `${directory}/sources.list`,
    `deb [signed-by=${KEYRING}] ${archive} bookworm-backports main\n`,
  );
  const apart = {
    "Dir::Etc::sourcelist": `${directory}/sources.list`,
    "Dir::Etc::sourceparts": "-",
    "Dir::State::lists": `${directory}/lists`,
    "Dir::Cache": `${directory}/cache`,
    "APT::Sandbox::User": "root", // apt's own user may not write here
  };
  const apt = (...args: string[]) =>
    runs(
      "apt-get",
      ["-q", ...Object.entries(apart).flatMap(([k, v]) => ["-o", `${k}=${v}`]), ...args],
      `${directory}/download`,
    );
  if (!(await apt("update")) || !(await apt("download", PACKAGE))) {
    return `apt-get could not fetch ${PACKAGE} from ${archive} bookworm-backports`;
  }
  for await (const { name } of Deno.readDir(`${directory}/download`)) {
    if (!(await runs("dpkg", ["-x", `${directory}/download/${name}`, `${directory}/root`]))) {
      return `dpkg could not unpack ${name}`;
    }
  }
  const library_path = `${directory}/root/usr/lib/x86_64-linux-gnu/libvulkan_lvp.so`;
  if (!(await Deno.stat(library_path).then(() => true, () => false))) return `there is no ${library_path}`;
  const icd = { ICD: { api_version: "1.4.305", library_path }, file_format_version: "1.0.0" };
  await Deno.writeTextFile(manifest, JSON.stringify(icd)); // last: it says that the rest is there
}

/** The Debian archive that this machine's apt uses: a mirror, perhaps. */
async function debianArchive(): Promise<string> {
  const { stdout } = await new Deno.Command("apt-get", {
    args: ["indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages"],
    stderr: "null",
  }).output();
  const [, found] = new TextDecoder().decode(stdout).match(/^(\S+) bookworm$/m) ?? [];
  return found ?? "http://deb.debian.org/debian/";
}
