// momentum_update: one step of SGD with momentum over all parameters, in place.
//   g = (inv_scale * gradient + decay * w) * scale[segment];  m = MOMENTUM * m + g;  w = w - lr * m, or w - lr * (g + MOMENTUM * m) where NESTEROV
//   where inv_scale is 1 unless SCALED, and decay is WEIGHT_DECAY, or 0 for biases and norms; the rate is outside the momentum
// gradients   [length / 4]   vec4 of f32, read; length is a multiple of 64
// step        [STEP_PARAMETERS]   f32, read; step[0] is the learning rate
// control     the loss scale's state, uniform; nothing is written where finite is 0
// block_segment [length / 64]   u32, read: twice the segment each block of 64 elements belongs to, plus 1 if it decays
// scale       [SEGMENTS]     f32, read where ADAPTED
// momentum, weights   [length / 4]   vec4 of f32, updated in place
// dispatch    [ceil(length / 4 / WORKGROUP_SIZE)] folded into x and y
override WEIGHT_DECAY: f32;
override MOMENTUM: f32;
override ADAPTED: bool;
override NESTEROV: bool = false;
override SCALED: bool = true; // the gradients are of a loss that was multiplied by the scale
override WORKGROUP_SIZE: u32 = 64;
struct Control { scale: f32, inv_scale: f32, finite: f32 }

@group(0) @binding(0) var<storage, read> gradients: array<vec4f>;
@group(0) @binding(1) var<storage, read> step: array<f32>;
@group(0) @binding(2) var<uniform> control: Control;
@group(0) @binding(3) var<storage, read> block_segment: array<u32>;
@group(0) @binding(4) var<storage, read> scale: array<f32>;
@group(0) @binding(5) var<storage, read_write> momentum: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> weights: array<vec4f>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (i >= arrayLength(&weights) || control.finite == 0.0) { return; }
  let block = block_segment[i / 16u];
  let decay = select(0.0, WEIGHT_DECAY, (block & 1u) != 0u);
  let w = weights[i];
  var g = select(1.0, control.inv_scale, SCALED) * gradients[i] + decay * w;
  if (ADAPTED) { g *= scale[block >> 1u]; }
  let m = MOMENTUM * momentum[i] + g;
  momentum[i] = m;
  weights[i] = w - step[0] * select(m, g + MOMENTUM * m, NESTEROV);
}
