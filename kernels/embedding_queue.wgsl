// embedding_queue: the last embeddings of view 1, in a ring of rows.
//   queue[(step[3] + n) % SLOTS, d] = x[n, d] for the last min(N, SLOTS) of n = 0 ... N - 1
// x           [2N, DIM]      Elem, read: view 1's rows, then view 2's
// step        [STEP_PARAMETERS]   f32, read; step[3] is the row that n = 0 goes to
// queue       [SLOTS, DIM]   f32, rows overwritten
// dispatch    [ceil(min(N, SLOTS) * DIM / WORKGROUP_SIZE)] folded into x and y; one element an invocation
alias Elem = f32;
override N: u32;
override DIM: u32;
override SLOTS: u32;
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> x: array<Elem>;
@group(0) @binding(1) var<storage, read> step: array<f32>;
@group(0) @binding(2) var<storage, read_write> queue: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  let n = i / DIM + N - min(N, SLOTS);
  if (n >= N) { return; }
  let d = i % DIM;
  queue[((u32(step[3]) + n) % SLOTS) * DIM + d] = f32(x[n * DIM + d]);
}
