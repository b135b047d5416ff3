// Says, as JSON, what the process that runs it may do: each argument is a permission's name and, behind a colon, what of it.
const states: Record<string, string> = {};
for (const asked of Deno.args) {
  const [name, ...rest] = asked.split(":"), what = rest.join(":");
  const field = {
    read: "path",
    write: "path",
    ffi: "path",
    run: "command",
    net: "host",
    env: "variable",
    sys: "kind",
  }[name];
  const descriptor = { name, ...(field && what ? { [field]: what } : {}) } as Deno.PermissionDescriptor;
  states[asked] = Deno.permissions.querySync(descriptor).state;
}
console.log(
  JSON.stringify({ states, environment: Object.keys(Deno.env.toObject()), seen: Deno.env.get("SECRET") }),
);
