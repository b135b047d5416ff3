// adamw_update: one step of Adam with decoupled weight decay over all parameters, in place.
//   g = inv_scale * gradient;  w = w - lr * decay * w, where decay is WEIGHT_DECAY, or 0 for biases and norms
//   m = m + (1 - beta1) * (g - m);  v = v + (1 - beta2) * (g^2 - v)
//   w = w - lr * (m * corrections.x) / (sqrt(v) * corrections.y + EPSILON)
// gradients   [length / 4]   vec4 of f32, read; length is a multiple of 64
// step        [STEP_PARAMETERS]   f32, read; step[0] is the learning rate
// control     the loss scale's state, uniform; nothing is written where finite is 0
// corrections [1]            vec2 of f32, read: from adamw_corrections.wgsl
// block_segment [length / 64]   u32, read: twice the segment each block of 64 elements belongs to, plus 1 if it decays
// mean, square, weights   [length / 4]   vec4 of f32, updated in place: m, v and w
// dispatch    [ceil(length / 4 / WORKGROUP_SIZE)] folded into x and y
// numerics    1 - beta is rounded once from float64: near beta = 1, f32 would lose its digits
// reference   arXiv 1711.05101, algorithm 2, as torch.optim.AdamW: the decay is scaled by the rate
override WEIGHT_DECAY: f32;
override ONE_MINUS_BETA1: f32;
override ONE_MINUS_BETA2: f32;
override EPSILON: f32;
override WORKGROUP_SIZE: u32 = 64;
struct Control { scale: f32, inv_scale: f32, finite: f32 }

@group(0) @binding(0) var<storage, read> gradients: array<vec4f>;
@group(0) @binding(1) var<storage, read> step: array<f32>;
@group(0) @binding(2) var<uniform> control: Control;
@group(0) @binding(3) var<storage, read> corrections: array<vec2f>;
@group(0) @binding(4) var<storage, read> block_segment: array<u32>;
@group(0) @binding(5) var<storage, read_write> mean: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> square: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> weights: array<vec4f>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (i >= arrayLength(&weights) || control.finite == 0.0) { return; }
  let lr = step[0];
  let decay = select(0.0, WEIGHT_DECAY, (block_segment[i / 16u] & 1u) != 0u);
  let g = control.inv_scale * gradients[i];
  let m = mean[i] + ONE_MINUS_BETA1 * (g - mean[i]);
  let v = square[i] + ONE_MINUS_BETA2 * (g * g - square[i]);
  mean[i] = m;
  square[i] = v;
  let w = weights[i] - lr * decay * weights[i];
  weights[i] = w - lr * (m * corrections[0].x) / (sqrt(v) * corrections[0].y + EPSILON);
}
