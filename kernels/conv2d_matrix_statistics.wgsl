// conv2d_matrix_statistics: conv2d_matrix.wgsl, and of each channel the statistics that batch_norm_partial.wgsl makes, while the sums
// are at hand: activations are not read again for them.
//   partial_mean[g, z, k] = mean of y over chunk z's ROWS pixels of group g;  partial_m2[g, z, k] = sum of (y - that mean)^2
// x             [N, X_H, X_W, C / 8]            eight f16, read
// w             [panels, taps_r, taps_s, C, 2]  eight f16, read; packed by pack_weight.wgsl: a panel is 16 channels
// g             the sizes; y_step = 1: all of y is made, in the order of its pixels
// y             [N, Y_H, Y_W, K / 4]            vec4 of f16, overwritten
// partial_mean  [GROUPS, CHUNKS, K / 4]         vec4f, overwritten from chunk g.first_chunk on; a chunk is ROWS pixels, fewer at
//                                               the end of a group
// partial_m2    [GROUPS, CHUNKS, K / 4]         vec4f, overwritten
// lib         conv2d_geometry.wgsl, conv2d_tap.wgsl, matrix_tile.wgsl, conv2d_matrix.wgsl
// dispatch    [tiles of pixels folded into x and y, ceil(K / TILE_N)]; no tile has pixels of two groups
// numerics    statistics of what is stored, rounded to f16: an invocation's values about their mean, then merged pair by pair
//             (Chan, Golub & LeVeque 1979), in an order that the matrix and the subgroup's size decide alone
alias Elem = f32;
const M: u32 = 16; // of a matrix, as the adapter has them
const N: u32 = 16;
const K: u32 = 16;
const BLOCKS_M: u32 = 4; // matrices of a subgroup
const BLOCKS_N: u32 = 2;
const SUBGROUPS_M: u32 = 2;
const SUBGROUPS_N: u32 = 4;
const SUBGROUP_SIZE: u32 = 32;
const TILE_K: u32 = 32;

@group(0) @binding(0) var<storage, read> x: array<vec4u>;
@group(0) @binding(1) var<storage, read> w: array<vec4u>;
@group(0) @binding(2) var<uniform> g: Geometry;
@group(0) @binding(3) var<storage, read_write> y: array<vec4<Elem>>;
@group(0) @binding(4) var<storage, read_write> partial_mean: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> partial_m2: array<vec4f>;

// Rows of a column of matrices that an invocation has: every PASS-th. ROWS is that of the chunks.
const PASS: u32 = SUBGROUP_SIZE / VECTORS;

struct Statistics { count: f32, mean: vec4f, m2: vec4f }
fn merge(a: Statistics, b: Statistics) -> Statistics {
  let share = b.count / max(1.0, a.count + b.count);
  let apart = b.mean - a.mean;
  return Statistics(a.count + b.count, a.mean + apart * share, a.m2 + b.m2 + apart * apart * (a.count * share));
}

@compute @workgroup_size(INVOCATIONS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32, @builtin(subgroup_id) subgroup: u32,
        @builtin(subgroup_invocation_id) own: u32) {
  let at = place(group, groups);
  var sums: Sums;
  multiply(&sums, at, lane, subgroup);
  let first = at.pixel + subgroup / SUBGROUPS_N * ROWS;
  let first_k = at.k + subgroup % SUBGROUPS_N * BLOCKS_N * N + own % VECTORS * 4u;
  let start = at.end - g.group_pixels;
  let chunk = g.first_chunk + start / g.group_pixels * ((g.group_pixels + ROWS - 1u) / ROWS) + (first - start) / ROWS;
  for (var n = 0u; n < BLOCKS_N; n++) {
    put(&sums, n, subgroup);
    workgroupBarrier();
    let k = first_k + n * N;
    var values: array<vec4f, ROWS / PASS>;
    var seen = Statistics();
    for (var i = 0u; i < ROWS / PASS; i++) {
      let row = i * PASS + own / VECTORS;
      let value = vec4<Elem>(staged(subgroup, row, own % VECTORS));
      values[i] = vec4f(value);
      if (first + row < at.end && k < g.k) {
        y[((first + row) * g.k + k) / 4u] = value;
        seen.count += 1.0;
        seen.mean += values[i];
      }
    }
    seen.mean /= max(1.0, seen.count);
    for (var i = 0u; i < ROWS / PASS; i++) {
      let apart = values[i] - seen.mean;
      if (f32(i) < seen.count) { seen.m2 += apart * apart; }
    }
    for (var reach = VECTORS; reach < SUBGROUP_SIZE; reach *= 2u) {
      seen = merge(seen, Statistics(
        subgroupShuffleXor(seen.count, reach), subgroupShuffleXor(seen.mean, reach), subgroupShuffleXor(seen.m2, reach)));
    }
    if (own < VECTORS && first < at.end && k < g.k) {
      partial_mean[(chunk * g.k + k) / 4u] = seen.mean;
      partial_m2[(chunk * g.k + k) / 4u] = seen.m2;
    }
    workgroupBarrier();
  }
}
