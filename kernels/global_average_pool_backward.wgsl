// global_average_pool_backward: dx[n, p, c] = dy[n, c] / PIXELS.
// dy          [N, C]           Elem, read from vector FIRST on
// dx          [N, PIXELS, C]   Elem, overwritten
// dispatch    [ceil(LENGTH / (4 * WORKGROUP_SIZE))] folded into x and y; four vectors an invocation
alias Elem = f32;
alias Elems = vec4<Elem>;
alias Floats = vec4f;
override LENGTH: u32; // N * PIXELS * VECTORS
override PIXELS: u32;
override VECTORS: u32; // of a pixel: C / 4, or C
override FIRST: u32 = 0u;
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> dy: array<Elems>;
@group(0) @binding(1) var<storage, read_write> dx: array<Elems>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let first = (group.y * groups.x + group.x) * WORKGROUP_SIZE * 4u + lane;
  for (var e = 0u; e < 4u; e++) {
    let i = first + e * WORKGROUP_SIZE;
    if (i >= LENGTH) { return; }
    dx[i] = Elems(Floats(dy[FIRST + (i / (PIXELS * VECTORS)) * VECTORS + i % VECTORS]) / f32(PIXELS));
  }
}
