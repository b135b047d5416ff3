// conv2d_weight_gradient_matrix: conv2d_weight_gradient_tiled.wgsl's partial sums for f16, by products of small matrices.
//   partial[z, k, (r, s, c)] = sum over output pixels (n, p, q) of split z of dy[n, p, q, k] * x[n, p*stride+r-pad, q*stride+s-pad, c]
// x           [N, H, W, C / 8]                 eight f16, read
// dy          [N, P, Q, K / 8]                 eight f16, read
// g           the sizes
// partial     [splits, K, R * S * C / 4]       vec4f, overwritten
// lib         conv2d_weight_gradient_geometry.wgsl, matrix_tile.wgsl
// dispatch    [ceil(R * S * C / TILE_N), ceil(K / TILE_M), splits]; of more filters or columns, those from k_first and column_first on
// numerics    products of f16 are exact in f32; summed by a matrix's K output pixels at a time, in order, whatever the tile: all tiles
//             make the same bits. How the device rounds the sums within a matrix is its own (Vulkan leaves it open)
// A workgroup makes TILE_M filters of TILE_N columns (r, s, c). It goes through the output pixels TILE_K at a time: while one
// stage of workgroup memory is multiplied the next is on its way from memory.
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
@group(0) @binding(1) var<storage, read> dy: array<vec4u>;
@group(0) @binding(2) var<uniform> g: Geometry;
@group(0) @binding(3) var<storage, read_write> partial: array<vec4f>;

// Workgroup memory is counted in units of eight f16, which are loaded at once; a row has one more, so that banks don't collide.
const D_UNITS: u32 = TILE_M / 8u; // [output pixel][filter]
const X_UNITS: u32 = TILE_N / 8u; // [output pixel][column]
const D_STRIDE: u32 = D_UNITS + 1u;
const X_STRIDE: u32 = X_UNITS + 1u;
const X_BASE: u32 = TILE_K * D_STRIDE;
const STAGE: u32 = X_BASE + TILE_K * X_STRIDE;
const D_LOADS: u32 = TILE_K * D_UNITS / INVOCATIONS; // units that an invocation loads of a stage
const X_LOADS: u32 = TILE_K * X_UNITS / INVOCATIONS;
var<workgroup> tile: array<vec4u, max(2u * STAGE, SUBGROUPS_M * SUBGROUPS_N * STAGED)>;

// An output pixel, and how far it is to the one that is TILE_K further on: digits of one number, so that they add without divisions.
struct Pixel { n: u32, p: u32, q: u32 }
fn pixel(index: u32) -> Pixel { return Pixel(index / g.q / g.p, index / g.q % g.p, index % g.q); }
fn add(a: Pixel, b: Pixel) -> Pixel {
  var sum = Pixel(a.n + b.n, a.p + b.p, a.q + b.q);
  if (sum.q >= g.q) { sum.q -= g.q; sum.p++; }
  if (sum.p >= g.p) { sum.p -= g.p; sum.n++; }
  return sum;
}
fn load_dy(index: u32, k: u32, last: u32) -> vec4u {
  if (index >= last || k >= g.k) { return vec4u(); }
  return dy[(index * g.k + k) / 8u];
}
// A column's tap, less the padding, and its channel; r is far outside where there is no such column.
struct Column { r: u32, s: u32, c: u32 }
fn column(rsc: u32) -> Column {
  if (rsc >= g.r * g.s * g.c) { return Column(0x40000000u, 0u, 0u); }
  return Column(rsc / (g.s * g.c) - g.pad, rsc / g.c % g.s - g.pad, rsc % g.c);
}
fn load_x(at: Pixel, inside: bool, place: Column) -> vec4u {
  let row = at.p * g.stride + place.r; // a negative one wraps round past h
  let across = at.q * g.stride + place.s;
  if (!inside || row >= g.h || across >= g.w) { return vec4u(); }
  return x[(((at.n * g.h + row) * g.w + across) * g.c + place.c) / 8u];
}

fn multiply_stage(sums: ptr<function, Sums>, at: u32, subgroup: u32) {
  let filters = at + subgroup / SUBGROUPS_N * ROWS / 8u;
  let columns = at + X_BASE + subgroup % SUBGROUPS_N * BLOCKS_N * N / 8u;
  for (var k = 0u; k < TILE_K; k += K) {
    var right: array<Right, BLOCKS_N>;
    for (var n = 0u; n < BLOCKS_N; n++) {
      right[n] = subgroupMatrixLoad<Right, row_major>(&tile, columns + k * X_STRIDE + n * N / 8u, X_STRIDE);
    }
    for (var m = 0u; m < BLOCKS_M; m++) {
      let left = subgroupMatrixLoad<Left, col_major>(&tile, filters + k * D_STRIDE + m * M / 8u, D_STRIDE);
      for (var n = 0u; n < BLOCKS_N; n++) {
        (*sums)[m][n] = subgroupMatrixMultiplyAccumulate(left, right[n], (*sums)[m][n]);
      }
    }
  }
}

@compute @workgroup_size(INVOCATIONS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32,
        @builtin(subgroup_id) subgroup: u32, @builtin(subgroup_invocation_id) own: u32) {
  let rsc = g.column_first + group.x * TILE_N;
  let k = g.k_first + group.y * TILE_M;
  let start = group.z * g.pixels_per_split;
  let last = min(start + g.pixels_per_split, g.n * g.p * g.q);
  // What this invocation loads: a unit of filters of some pixels, and a unit of columns of some.
  let load_k = k + lane % D_UNITS * 8u;
  let place = column(rsc + lane % X_UNITS * 8u);
  let row_d = lane / D_UNITS;
  let row_x = lane / X_UNITS;
  var pixels: array<Pixel, X_LOADS>;
  for (var i = 0u; i < X_LOADS; i++) { pixels[i] = pixel(start + row_x + i * INVOCATIONS / X_UNITS); }
  let step = pixel(TILE_K);
  var next_d: array<vec4u, D_LOADS>;
  var next_x: array<vec4u, X_LOADS>;
  var sums: Sums;
  var stage = 0u;
  // The first stage is loaded and stored before anything is multiplied, each other one meanwhile.
  for (var next = start; next < last + TILE_K; next += TILE_K) {
    if (next < last) {
      for (var i = 0u; i < D_LOADS; i++) { next_d[i] = load_dy(next + row_d + i * INVOCATIONS / D_UNITS, load_k, last); }
      for (var i = 0u; i < X_LOADS; i++) {
        next_x[i] = load_x(pixels[i], next + row_x + i * INVOCATIONS / X_UNITS < last, place);
        pixels[i] = add(pixels[i], step);
      }
    }
    if (next > start) { multiply_stage(&sums, STAGE - stage, subgroup); }
    if (next < last) {
      for (var i = 0u; i < D_LOADS; i++) {
        tile[stage + (row_d + i * INVOCATIONS / D_UNITS) * D_STRIDE + lane % D_UNITS] = next_d[i];
      }
      for (var i = 0u; i < X_LOADS; i++) {
        tile[stage + X_BASE + (row_x + i * INVOCATIONS / X_UNITS) * X_STRIDE + lane % X_UNITS] = next_x[i];
      }
    }
    workgroupBarrier();
    stage = STAGE - stage;
  }
  let columns = g.r * g.s * g.c;
  let first_k = k + subgroup / SUBGROUPS_N * ROWS;
  let first_column = rsc + subgroup % SUBGROUPS_N * BLOCKS_N * N + own % VECTORS * 4u;
  for (var n = 0u; n < BLOCKS_N; n++) {
    put(&sums, n, subgroup);
    workgroupBarrier();
    for (var row = own / VECTORS; row < ROWS; row += SUBGROUP_SIZE / VECTORS) {
      if (first_k + row < g.k && first_column + n * N < columns) {
        partial[((group.z * g.k + first_k + row) * columns + first_column + n * N) / 4u] = staged(subgroup, row, own % VECTORS);
      }
    }
    workgroupBarrier();
  }
}
