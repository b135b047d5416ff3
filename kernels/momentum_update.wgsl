// momentum_update: one step of SGD with momentum over all parameters, in place.
//   g = (gradient + decay * w) * scale[segment];  m = MOMENTUM * m + g;  w = w - lr * m
//   where decay is WEIGHT_DECAY, or 0 for biases and norms; the rate is outside the momentum
// gradients   [LENGTH]   f32, read
// step        [STEP_PARAMETERS]   f32, read; step[0] is the learning rate
// block_segment [LENGTH / 64]   u32, read: the segment each block of 64 elements belongs to
// segments    [SEGMENTS] of (offset, length, adapted)   u32 triples, read
// scale       [SEGMENTS]   f32, read; 1 for plain SGD
// momentum, weights   [LENGTH]   f32, updated in place
// dispatch    [ceil(LENGTH / WORKGROUP_SIZE)] folded into x and y
override LENGTH: u32;
override WEIGHT_DECAY: f32;
override MOMENTUM: f32;
override ADAPTED: bool;
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> gradients: array<f32>;
@group(0) @binding(1) var<storage, read> step: array<f32>;
@group(0) @binding(2) var<storage, read> block_segment: array<u32>;
@group(0) @binding(3) var<storage, read> segments: array<u32>;
@group(0) @binding(4) var<storage, read> scale: array<f32>;
@group(0) @binding(5) var<storage, read_write> momentum: array<f32>;
@group(0) @binding(6) var<storage, read_write> weights: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (i >= LENGTH) { return; }
  let segment = block_segment[i / 64u];
  let decay = select(0.0, WEIGHT_DECAY, segments[segment * 3u + 2u] != 0u);
  let w = weights[i];
  var g = gradients[i] + decay * w;
  if (ADAPTED) { g *= scale[segment]; }
  let m = MOMENTUM * momentum[i] + g;
  momentum[i] = m;
  weights[i] = w - step[0] * m;
}
