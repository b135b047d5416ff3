// batch_norm_partial: mean and squared deviations of one chunk of rows, by channel and statistics group (view).
//   partial_mean[g, z, c] = mean of x over the chunk;  partial_m2[g, z, c] = sum of (x - that mean)^2
// x             [GROUPS, ROWS, C]     Elem, read; a row is a pixel of an image
// partial_mean  [GROUPS, CHUNKS, C]   f32, overwritten
// partial_m2    [GROUPS, CHUNKS, C]   f32, overwritten
// dispatch      [ceil(C / WORKGROUP_SIZE), CHUNKS, GROUPS]
// numerics      eight rows at a time: their mean, their deviations from it, and both merged into those of the rows before
//               (Chan, Golub & LeVeque 1979): one load each, and no cancellation, as E[x^2] - E[x]^2 would have
alias Elem = f32;
override ROWS: u32;
override C: u32;
override CHUNKS: u32;
override ROWS_PER_CHUNK: u32;
override WORKGROUP_SIZE: u32 = 8;

@group(0) @binding(0) var<storage, read> x: array<Elem>;
@group(0) @binding(1) var<storage, read_write> partial_mean: array<f32>;
@group(0) @binding(2) var<storage, read_write> partial_m2: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c = group.x * WORKGROUP_SIZE + lane;
  if (c >= C) { return; }
  let first = group.y * ROWS_PER_CHUNK;
  let last = min(first + ROWS_PER_CHUNK, ROWS);
  let base = group.z * ROWS * C + c;
  var mean = 0.0;
  var m2 = 0.0;
  var row = first;
  for (; row + 8u <= last; row += 8u) {
    let at = base + row * C;
    let low = vec4f(f32(x[at]), f32(x[at + C]), f32(x[at + 2u * C]), f32(x[at + 3u * C]));
    let high = vec4f(f32(x[at + 4u * C]), f32(x[at + 5u * C]), f32(x[at + 6u * C]), f32(x[at + 7u * C]));
    let centre = dot(low + high, vec4f(0.125));
    let low_deviation = low - centre;
    let high_deviation = high - centre;
    let before = f32(row - first);
    let apart = centre - mean;
    mean += apart * 8.0 / (before + 8.0);
    m2 += dot(low_deviation, low_deviation) + dot(high_deviation, high_deviation);
    m2 += apart * apart * (before * 8.0 / (before + 8.0));
  }
  for (; row < last; row++) {
    let value = f32(x[base + row * C]);
    let apart = value - mean;
    mean += apart / f32(row - first + 1u);
    m2 = fma(apart, value - mean, m2);
  }
  let out = (group.z * CHUNKS + group.y) * C + c;
  partial_mean[out] = mean;
  partial_m2[out] = m2;
}
