// conv2d_matrix: conv2d_tiled.wgsl's formula for f16, a convolution's output or its input gradient, by products of small matrices
// (tensor cores): see lib/conv2d_matrix.wgsl.
// x           [N, X_H, X_W, C / 8]            eight f16, read
// w           [panels, taps_r, taps_s, C, 2]  eight f16, read; packed by pack_weight.wgsl: a panel is 16 channels
// g           the sizes: not constants, so that all shapes of a network share a pipeline
// y           [N, Y_H, Y_W, K / 4]            vec4 of f16; the addressed pixels are overwritten
// statistics, gamma, beta, residual           of lib/conv2d_epilogue.wgsl, read; another's where nothing is to become of sums
// lib         conv2d_geometry.wgsl, conv2d_epilogue.wgsl, conv2d_tap.wgsl, matrix_tile.wgsl, conv2d_matrix.wgsl
// dispatch    [tiles of pixels folded into x and y, ceil(K / TILE_N)]; of more channels than a dispatch takes, those from k_first on
// numerics    products of f16 are exact in f32; how the device rounds their sums is its own (Vulkan leaves it open)
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
@group(0) @binding(4) var<storage, read> statistics: array<vec4f>;
@group(0) @binding(5) var<storage, read> gamma: array<vec4f>;
@group(0) @binding(6) var<storage, read> beta: array<vec4f>;
@group(0) @binding(7) var<storage, read> residual: array<vec4<Elem>>;

@compute @workgroup_size(INVOCATIONS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32, @builtin(subgroup_id) subgroup: u32,
        @builtin(subgroup_invocation_id) own: u32) {
  let at = place(group, groups);
  var sums: Sums;
  multiply(&sums, at, lane, subgroup);
  let first = at.pixel + subgroup / SUBGROUPS_N * ROWS;
  let first_k = at.k + subgroup % SUBGROUPS_N * BLOCKS_N * N;
  for (var n = 0u; n < BLOCKS_N; n++) {
    put(&sums, n, subgroup);
    workgroupBarrier();
    let k = first_k + n * N + own % VECTORS * 4u;
    for (var row = own / VECTORS; row < ROWS; row += SUBGROUP_SIZE / VECTORS) {
      let index = first + row;
      if (index >= at.end || k >= g.k) { continue; }
      let i = index / g.j_count;
      let place_y = ((i / g.i_count * g.y_h + i % g.i_count * g.y_step + g.y_top) * g.y_w + index % g.j_count * g.y_step + g.y_left) * g.k;
      let v = (place_y + k) / 4u;
      y[v] = finish(staged(subgroup, row, own % VECTORS), k, v);
    }
    workgroupBarrier();
  }
}
