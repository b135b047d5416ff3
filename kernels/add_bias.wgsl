// add_bias: y[n, k] = x[n, k] + bias[k].
// x, y        [N, K]   Elem, read; y is overwritten
// bias        [K]      f32, read
// dispatch    [ceil(N * K / WORKGROUP_SIZE)] folded into x and y
alias Elem = f32;
override LENGTH: u32; // N * K
override K: u32;
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> x: array<Elem>;
@group(0) @binding(1) var<storage, read> bias: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<Elem>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (i < LENGTH) { y[i] = Elem(f32(x[i]) + bias[i % K]); }
}
