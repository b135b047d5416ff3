// adamw_update: one step of Adam with decoupled weight decay over all parameters, in place.
//   w = w - lr * decay * w, where decay is WEIGHT_DECAY, or 0 for biases and norms
//   m = m + (1 - beta1) * (g - m);  v = v + (1 - beta2) * (g^2 - v)
//   w = w - lr * (m * corrections[0]) / (sqrt(v) * corrections[1] + EPSILON)
// gradients   [LENGTH]   f32, read
// step        [STEP_PARAMETERS]   f32, read; step[0] is the learning rate
// corrections [2]        f32, read: 1 / (1 - beta1^t) and 1 / sqrt(1 - beta2^t) of step t = 1, 2 ...
// block_segment [LENGTH / 64]   u32, read: the segment each block of 64 elements belongs to
// segments    [SEGMENTS] of (offset, length, decayed)   u32 triples, read
// mean, square, weights   [LENGTH]   f32, updated in place: m, v and w
// dispatch    [ceil(LENGTH / WORKGROUP_SIZE)] folded into x and y
// numerics    1 - beta and the corrections are rounded once from float64: near beta = 1, f32 would lose their digits
// reference   arXiv 1711.05101, algorithm 2, as torch.optim.AdamW: the decay is scaled by the rate
override LENGTH: u32;
override WEIGHT_DECAY: f32;
override ONE_MINUS_BETA1: f32;
override ONE_MINUS_BETA2: f32;
override EPSILON: f32;
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> gradients: array<f32>;
@group(0) @binding(1) var<storage, read> step: array<f32>;
@group(0) @binding(2) var<storage, read> corrections: array<f32>;
@group(0) @binding(3) var<storage, read> block_segment: array<u32>;
@group(0) @binding(4) var<storage, read> segments: array<u32>;
@group(0) @binding(5) var<storage, read_write> mean: array<f32>;
@group(0) @binding(6) var<storage, read_write> square: array<f32>;
@group(0) @binding(7) var<storage, read_write> weights: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (i >= LENGTH) { return; }
  let lr = step[0];
  let decay = select(0.0, WEIGHT_DECAY, segments[block_segment[i / 64u] * 3u + 2u] != 0u);
  let g = gradients[i];
  let m = mean[i] + ONE_MINUS_BETA1 * (g - mean[i]);
  let v = square[i] + ONE_MINUS_BETA2 * (g * g - square[i]);
  mean[i] = m;
  square[i] = v;
  let w = weights[i] - lr * decay * weights[i];
  weights[i] = w - lr * (m * corrections[0]) / (sqrt(v) * corrections[1] + EPSILON);
}
