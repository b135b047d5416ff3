export interface Stage {
  name: string;
  ms: number;
}

/** The stages of a `Server-Timing` header, in its order: `decode;dur=1.20, gpu;dur=3.40`. */
export function readServerTiming(header: string | null): Stage[] {
  return (header ?? "").split(",").flatMap((part) => {
    const [name, ...rest] = part.trim().split(";"), found = rest.join(";").match(/dur=([\d.]+)/);
    return name && found ? [{ name: name.trim(), ms: Number(found[1]) }] : [];
  });
}
