// add_bias: y[n, k] = x[n, k] + bias[k].
// x, y        [N, K]   Elem, read; y is overwritten
// bias        [K]      f32, read
// dispatch    [ceil(LENGTH / (4 * WORKGROUP_SIZE))] folded into x and y; four vectors an invocation
alias Elem = f32;
alias Elems = vec4<Elem>;
alias Floats = vec4f;
override LENGTH: u32; // N * VECTORS
override VECTORS: u32; // of a row: K / 4, or K
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> x: array<Elems>;
@group(0) @binding(1) var<storage, read> bias: array<Floats>;
@group(0) @binding(2) var<storage, read_write> y: array<Elems>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let first = (group.y * groups.x + group.x) * WORKGROUP_SIZE * 4u + lane;
  for (var e = 0u; e < 4u; e++) {
    let i = first + e * WORKGROUP_SIZE;
    if (i >= LENGTH) { return; }
    y[i] = Elems(Floats(x[i]) + bias[i % VECTORS]);
  }
}
