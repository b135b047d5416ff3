// probe_input: view 1's embeddings in f32, of which no gradient goes back.
//   y[i] = x[i] for i < N * DIM
// x           [2N, DIM]   Elem, read: view 1's rows, then view 2's
// y           [N, DIM]    f32, overwritten
// dispatch    [ceil(LENGTH / WORKGROUP_SIZE)] folded into x and y; one element an invocation
alias Elem = f32;
override LENGTH: u32; // N * DIM
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> x: array<Elem>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (i < LENGTH) { y[i] = f32(x[i]); }
}
