// ema: the target's parameters move towards the online network's.
//   target += (1 - tau) * (online - target), for the first LENGTH elements (encoder and projector)
// online      [at least LENGTH]   f32, read
// step        [STEP_PARAMETERS]   f32, read; step[2] is 1 - tau, rounded once from float64
// target      [LENGTH]            f32, updated in place
// dispatch    [ceil(LENGTH / WORKGROUP_SIZE)] folded into x and y
// reference   arXiv 2006.07733 §3, after the optimiser's step as in the official code
override LENGTH: u32;
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> online: array<f32>;
@group(0) @binding(1) var<storage, read> step: array<f32>;
@group(0) @binding(2) var<storage, read_write> target_values: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (i >= LENGTH) { return; }
  let t = target_values[i];
  target_values[i] = t + step[2] * (online[i] - t);
}
