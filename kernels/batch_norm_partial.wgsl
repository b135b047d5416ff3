// batch_norm_partial: mean and squared deviations of one chunk of rows, by channel and statistics group (view).
//   partial_mean[g, z, c] = mean of x over the chunk;  partial_m2[g, z, c] = sum of (x - that mean)^2
// x             [GROUPS, ROWS, C]     f32, read; a row is a pixel of an image
// partial_mean  [GROUPS, CHUNKS, C]   f32, overwritten
// partial_m2    [GROUPS, CHUNKS, C]   f32, overwritten
// dispatch      [ceil(C / WORKGROUP_SIZE), CHUNKS, GROUPS]
// numerics      two passes over a chunk and deviations from its mean: no cancellation, as E[x^2] - E[x]^2 would have
override ROWS: u32;
override C: u32;
override CHUNKS: u32;
override ROWS_PER_CHUNK: u32;
override WORKGROUP_SIZE: u32 = 8;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> partial_mean: array<f32>;
@group(0) @binding(2) var<storage, read_write> partial_m2: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c = group.x * WORKGROUP_SIZE + lane;
  if (c >= C) { return; }
  let first = group.y * ROWS_PER_CHUNK;
  let last = min(first + ROWS_PER_CHUNK, ROWS);
  let base = group.z * ROWS * C + c;
  var sum = 0.0;
  for (var row = first; row < last; row++) { sum += x[base + row * C]; }
  let mean = sum / f32(last - first);
  var m2 = 0.0;
  for (var row = first; row < last; row++) {
    let deviation = x[base + row * C] - mean;
    m2 = fma(deviation, deviation, m2);
  }
  let out = (group.z * CHUNKS + group.y) * C + c;
  partial_mean[out] = mean;
  partial_m2[out] = m2;
}
