// batch_norm_statistics: chunks' statistics to groups' statistics (Chan, Golub and LeVeque 1979), running ones updated.
//   mean[g, c], inv_std[g, c] = 1 / sqrt(m2 / ROWS + EPSILON)   (biased variance, for normalising)
//   running = STAT_DECAY * running + (1 - STAT_DECAY) * statistic, one group after the other, variance unbiased
// partial_mean, partial_m2       [GROUPS, CHUNKS, C]   f32, read
// statistics                     [GROUPS, 2, C]        f32, overwritten: mean, then inv_std
// running_mean, running_var      [C]                   f32, updated in place
// dispatch    [ceil(VECTORS / CHANNEL_LANES)] folded into x and y; it takes the groups from FIRST_GROUP to END_GROUP
// numerics    every SLICES-th chunk merged in order, and a tree over those: the order depends on SLICES only, not on lanes;
//             one range of groups after another, so that no invocation goes round more often than a driver allows
// reference   torch.nn.BatchNorm2d: eps 1e-5, momentum 0.1
alias Floats = vec4f;
override FIRST_GROUP: u32;
override END_GROUP: u32;
override ROWS: u32; // of a group
override IMAGES: u32 = 1u; // of a group, in PARTS parts whose sizes differ by one at most (src/gpu/parts.ts), each
override PARTS: u32 = 1u; // of as many chunks as the largest needs
override VECTORS: u32; // C / 4, or C
override CHUNKS: u32;
override ROWS_PER_CHUNK: u32;
override SLICES: u32; // a power of two
override SLICE_LANES: u32;
override CHANNEL_LANES: u32; // vectors of a workgroup
override STAT_DECAY: f32 = 0.9;
const EPSILON: f32 = 1e-5;

@group(0) @binding(0) var<storage, read> partial_mean: array<Floats>;
@group(0) @binding(1) var<storage, read> partial_m2: array<Floats>;
@group(0) @binding(2) var<storage, read_write> statistics: array<Floats>;
@group(0) @binding(3) var<storage, read_write> running_mean: array<Floats>;
@group(0) @binding(4) var<storage, read_write> running_var: array<Floats>;

var<workgroup> counts: array<f32, SLICES * CHANNEL_LANES>;
var<workgroup> means: array<Floats, SLICES * CHANNEL_LANES>;
var<workgroup> m2s: array<Floats, SLICES * CHANNEL_LANES>;

// The rows of chunk z of a group: fewer, or none, in a part's last one.
fn rows_of(z: u32) -> f32 {
  let part = z / (CHUNKS / PARTS);
  let rows = ((part + 1u) * IMAGES / PARTS - part * IMAGES / PARTS) * (ROWS / IMAGES);
  let first = min(z % (CHUNKS / PARTS) * ROWS_PER_CHUNK, rows);
  return f32(min(first + ROWS_PER_CHUNK, rows) - first);
}

@compute @workgroup_size(CHANNEL_LANES, SLICE_LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_id) id: vec3u) {
  let v = (group.y * groups.x + group.x) * CHANNEL_LANES + id.x;
  for (var g = FIRST_GROUP; g < END_GROUP; g++) {
    for (var slice = id.y; slice < SLICES; slice += SLICE_LANES) {
      var count = 0.0;
      var m = Floats();
      var m2 = Floats();
      for (var z = slice; z < CHUNKS && v < VECTORS; z += SLICES) {
        let rows = rows_of(z);
        if (rows == 0.0) { continue; } // whoever made the others may have left it out
        let at = (g * CHUNKS + z) * VECTORS + v;
        let share = rows / (count + rows);
        let apart = partial_mean[at] - m;
        m += apart * share;
        m2 += partial_m2[at] + apart * apart * (count * share);
        count += rows;
      }
      counts[slice * CHANNEL_LANES + id.x] = count;
      means[slice * CHANNEL_LANES + id.x] = m;
      m2s[slice * CHANNEL_LANES + id.x] = m2;
    }
    for (var reach = SLICES / 2u; reach > 0u; reach /= 2u) {
      workgroupBarrier();
      for (var slice = id.y; slice < reach; slice += SLICE_LANES) {
        let at = slice * CHANNEL_LANES + id.x;
        let other = at + reach * CHANNEL_LANES;
        let share = counts[other] / max(1.0, counts[at] + counts[other]);
        let apart = means[other] - means[at];
        m2s[at] += m2s[other] + apart * apart * (counts[at] * share);
        means[at] += apart * share;
        counts[at] += counts[other];
      }
    }
    if (id.y == 0u && v < VECTORS) {
      let merged = means[id.x];
      let all_m2 = m2s[id.x];
      statistics[g * 2u * VECTORS + v] = merged;
      statistics[(g * 2u + 1u) * VECTORS + v] = 1.0 / sqrt(all_m2 / f32(ROWS) + EPSILON);
      running_mean[v] = STAT_DECAY * running_mean[v] + (1.0 - STAT_DECAY) * merged;
      running_var[v] = STAT_DECAY * running_var[v] + (1.0 - STAT_DECAY) * (all_m2 / f32(max(ROWS, 2u) - 1u));
    }
    workgroupBarrier();
  }
}
