// lars_scale: one learning-rate scale per parameter tensor, before the update.
//   scale = TRUST_COEFFICIENT * |w| / |g + WEIGHT_DECAY * w|, or 1 where either norm is 0 or the tensor is excluded
// weights, gradients   [elements]   f32, read
// segments    [SEGMENTS] of (offset, length, adapted)   u32 triples, read; adapted is 0 for biases and norms
// scale       [SEGMENTS]   f32, overwritten
// dispatch    [SEGMENTS]   one workgroup per tensor
// numerics    each lane sums every WORKGROUP_SIZE-th element, then lane 0 adds the lanes in order: no atomics
// reference   arXiv 1708.03888; decay inside the norm as in BYOL's official optimiser
override WEIGHT_DECAY: f32;
override TRUST_COEFFICIENT: f32;
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> weights: array<f32>;
@group(0) @binding(1) var<storage, read> gradients: array<f32>;
@group(0) @binding(2) var<storage, read> segments: array<u32>;
@group(0) @binding(3) var<storage, read_write> scale: array<f32>;

var<workgroup> weight_squares: array<f32, WORKGROUP_SIZE>;
var<workgroup> gradient_squares: array<f32, WORKGROUP_SIZE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let offset = segments[group.x * 3u];
  let length = segments[group.x * 3u + 1u];
  let adapted = segments[group.x * 3u + 2u] != 0u;
  var w2 = 0.0;
  var g2 = 0.0;
  for (var i = lane; i < length; i += WORKGROUP_SIZE) {
    let w = weights[offset + i];
    let g = gradients[offset + i] + WEIGHT_DECAY * w;
    w2 = fma(w, w, w2);
    g2 = fma(g, g, g2);
  }
  weight_squares[lane] = w2;
  gradient_squares[lane] = g2;
  workgroupBarrier();
  if (lane != 0u) { return; }
  var w_sum = 0.0;
  var g_sum = 0.0;
  for (var l = 0u; l < WORKGROUP_SIZE; l++) {
    w_sum += weight_squares[l];
    g_sum += gradient_squares[l];
  }
  var s = 1.0;
  if (adapted && w_sum > 0.0 && g_sum > 0.0) { s = TRUST_COEFFICIENT * sqrt(w_sum) / sqrt(g_sum); }
  scale[group.x] = s;
}
