// unpack_halves: the values of a matrix of halves, exactly.
// x           [VECTORS]      vec4 of u32, read: eight halves each, the first in the lower bits of .x
// y           [2 * VECTORS]  vec4f, overwritten
// dispatch    [ceil(VECTORS / WORKGROUP_SIZE)] folded into x and y
override VECTORS: u32;
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> x: array<vec4u>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (i >= VECTORS) { return; }
  let h = x[i];
  y[2u * i] = vec4f(unpack2x16float(h.x), unpack2x16float(h.y));
  y[2u * i + 1u] = vec4f(unpack2x16float(h.z), unpack2x16float(h.w));
}
