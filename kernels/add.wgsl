// add: sum = a + b, where two readers of one activation meet in backward.
// a, b, sum   [LENGTH]   Elems, read; sum is overwritten
// dispatch    [ceil(LENGTH / (4 * WORKGROUP_SIZE))] folded into x and y; four vectors an invocation
alias Elem = f32;
alias Elems = vec4<Elem>;
alias Floats = vec4f;
override LENGTH: u32; // in vectors
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> a: array<Elems>;
@group(0) @binding(1) var<storage, read> b: array<Elems>;
@group(0) @binding(2) var<storage, read_write> sum: array<Elems>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let first = (group.y * groups.x + group.x) * WORKGROUP_SIZE * 4u + lane;
  for (var e = 0u; e < 4u; e++) {
    let i = first + e * WORKGROUP_SIZE;
    if (i >= LENGTH) { return; }
    sum[i] = Elems(Floats(a[i]) + Floats(b[i]));
  }
}
