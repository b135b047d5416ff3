// ema: the target's parameters move towards the online network's.
//   target += (1 - tau) * (online - target), over the encoder and the projector
// online      [length / 4]   vec4 of f32, read; length is a multiple of 64
// step        [STEP_PARAMETERS]   f32, read; step[2] is 1 - tau, rounded once from float64
// control     the loss scale's state, uniform; nothing is written where finite is 0
// target      [length / 4]   vec4 of f32, updated in place
// dispatch    [ceil(length / 4 / WORKGROUP_SIZE)] folded into x and y
// reference   arXiv 2006.07733 §3, after the optimiser's step as in the official code
override WORKGROUP_SIZE: u32 = 64;
struct Control { scale: f32, inv_scale: f32, finite: f32 }

@group(0) @binding(0) var<storage, read> online: array<vec4f>;
@group(0) @binding(1) var<storage, read> step: array<f32>;
@group(0) @binding(2) var<uniform> control: Control;
@group(0) @binding(3) var<storage, read_write> target_values: array<vec4f>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (i >= arrayLength(&target_values) || control.finite == 0.0) { return; }
  let t = target_values[i];
  target_values[i] = t + step[2] * (online[i] - t);
}
