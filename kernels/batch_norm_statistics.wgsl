// batch_norm_statistics: chunks' statistics to groups' statistics (Chan, Golub and LeVeque 1979), running ones updated.
//   mean[g, c], inv_std[g, c] = 1 / sqrt(m2 / ROWS + EPSILON)   (biased variance, for normalising)
//   running = STAT_DECAY * running + (1 - STAT_DECAY) * statistic, one group after the other, variance unbiased
// partial_mean, partial_m2       [GROUPS, CHUNKS, C]   f32, read
// mean, inv_std                  [GROUPS, C]           f32, overwritten
// running_mean, running_var      [C]                   f32, updated in place
// dispatch    [ceil(C / WORKGROUP_SIZE)]
// reference   torch.nn.BatchNorm2d: eps 1e-5, momentum 0.1
override GROUPS: u32;
override ROWS: u32;
override C: u32;
override CHUNKS: u32;
override ROWS_PER_CHUNK: u32;
override STAT_DECAY: f32 = 0.9;
override WORKGROUP_SIZE: u32 = 8;
const EPSILON: f32 = 1e-5;

@group(0) @binding(0) var<storage, read> partial_mean: array<f32>;
@group(0) @binding(1) var<storage, read> partial_m2: array<f32>;
@group(0) @binding(2) var<storage, read_write> mean: array<f32>;
@group(0) @binding(3) var<storage, read_write> inv_std: array<f32>;
@group(0) @binding(4) var<storage, read_write> running_mean: array<f32>;
@group(0) @binding(5) var<storage, read_write> running_var: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = id.x;
  if (c >= C) { return; }
  for (var g = 0u; g < GROUPS; g++) {
    var count = 0.0;
    var m = 0.0;
    var m2 = 0.0;
    for (var z = 0u; z < CHUNKS; z++) {
      let rows = f32(min((z + 1u) * ROWS_PER_CHUNK, ROWS) - z * ROWS_PER_CHUNK);
      let at = (g * CHUNKS + z) * C + c;
      let delta = partial_mean[at] - m;
      let total = count + rows;
      m += delta * (rows / total);
      m2 += partial_m2[at] + delta * delta * (count * rows / total);
      count = total;
    }
    mean[g * C + c] = m;
    inv_std[g * C + c] = 1.0 / sqrt(m2 / f32(ROWS) + EPSILON);
    running_mean[c] = STAT_DECAY * running_mean[c] + (1.0 - STAT_DECAY) * m;
    running_var[c] = STAT_DECAY * running_var[c] + (1.0 - STAT_DECAY) * (m2 / f32(max(ROWS, 2u) - 1u));
  }
}
