// lars_scale: one learning-rate scale per parameter tensor ("segment"), before the update.
//   scale = TRUST_COEFFICIENT * |w| / |g|, g with its weight decay, or 1 where either is 0 or the tensor is excluded
// partials    [CHUNKS]     vec2 of f32, read: (sum of w^2, sum of g^2) of each chunk, from lars_partial.wgsl
// segment_chunks [SEGMENTS] of (first chunk, chunks)   u32 pairs, read; no chunks where excluded: biases and norms
// scale       [SEGMENTS]   f32, overwritten
// dispatch    [SEGMENTS]   one workgroup per tensor
// numerics    each lane sums every WORKGROUP_SIZE-th chunk, then a tree over lanes: no atomics, one order
// reference   arXiv 1708.03888; decay inside the norm as in BYOL's official optimiser
override TRUST_COEFFICIENT: f32;
override WORKGROUP_SIZE: u32 = 64; // a power of two

@group(0) @binding(0) var<storage, read> partials: array<vec2f>;
@group(0) @binding(1) var<storage, read> segment_chunks: array<vec2u>;
@group(0) @binding(2) var<storage, read_write> scale: array<f32>;

var<workgroup> sums: array<vec2f, WORKGROUP_SIZE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first = segment_chunks[group.x].x;
  let count = segment_chunks[group.x].y;
  var sum = vec2f();
  for (var i = lane; i < count; i += WORKGROUP_SIZE) { sum += partials[first + i]; }
  sums[lane] = sum;
  for (var reach = WORKGROUP_SIZE / 2u; reach > 0u; reach /= 2u) {
    workgroupBarrier();
    if (lane < reach) { sums[lane] += sums[lane + reach]; }
  }
  if (lane != 0u) { return; }
  let total = sums[0];
  var s = 1.0;
  if (total.x > 0.0 && total.y > 0.0) { s = TRUST_COEFFICIENT * sqrt(total.x) / sqrt(total.y); }
  scale[group.x] = s;
}
