// conv2d_matrix: a tile of a convolution's output by products of small matrices (tensor cores), as conv2d_tiled.wgsl's formula:
// f16 operands, sums in f32 in the order (a, b, c) by K at a time, whatever the tile, so that all tiles make the same bits.
// needs       conv2d_geometry.wgsl, conv2d_tap.wgsl, matrix_tile.wgsl; the constant TILE_K; the bindings x, w and g of conv2d_matrix.wgsl
// A workgroup makes TILE_M pixels of TILE_N channels, a subgroup BLOCKS_M * BLOCKS_N matrices of them. It goes through (a, b, c)
// TILE_K at a time: while one stage of workgroup memory is multiplied the next is on its way from memory, im2col in the loader.
// Workgroup memory is counted in units of eight f16, which are loaded at once; a row has one more, so that banks don't collide.
const X_UNITS: u32 = TILE_K / 8u;
const X_STRIDE: u32 = X_UNITS + 1u;
const W_STRIDE: u32 = TILE_N / 8u + 1u;
const W_BASE: u32 = TILE_M * X_STRIDE;
const STAGE: u32 = W_BASE + TILE_K * W_STRIDE;
const X_LOADS: u32 = TILE_M * X_UNITS / INVOCATIONS; // units that an invocation loads of a stage
const W_LOADS: u32 = TILE_K * TILE_N / 8u / INVOCATIONS;
var<workgroup> tile: array<vec4u, max(2u * STAGE, SUBGROUPS_M * SUBGROUPS_N * STAGED)>;

// Where a workgroup's tile begins: its first pixel, where its group of pixels ends, its first channel.
struct Place { pixel: u32, end: u32, k: u32 }
fn place(group: vec3u, groups: vec3u) -> Place {
  let at = group.y * groups.x + group.x;
  let tiles = (g.group_pixels + TILE_M - 1u) / TILE_M; // of a group of pixels: no tile has pixels of two
  let first = at / tiles * g.group_pixels;
  return Place(first + at % tiles * TILE_M, first + g.group_pixels, g.k_first + group.z * TILE_N);
}
// An output pixel: its image (past the last one where there is none), the input row and column of its first tap.
struct Pixel { n: u32, top: i32, left: i32 }
fn pixel(index: u32, end: u32) -> Pixel {
  let row = index / g.j_count;
  let n = select(g.n, row / g.i_count, index < end);
  return Pixel(n, i32(row % g.i_count * g.x_step) + g.x_top, i32(index % g.j_count * g.x_step) + g.x_left);
}
fn load_x(p: Pixel, t: Tap) -> vec4u {
  let row = u32(p.top + i32(t.a) * g.x_dir); // a negative one wraps round past x_h
  let column = u32(p.left + i32(t.b) * g.x_dir);
  if (t.a >= g.taps_r || p.n >= g.n || row >= g.x_h || column >= g.x_w) { return vec4u(); }
  return x[(((p.n * g.x_h + row) * g.x_w + column) * g.c + t.c) / 8u];
}
// Of w an invocation takes every INVOCATIONS-th unit in the order in which they lie: panel, (a, b, c), half a panel.
fn load_w(unit: u32, next: u32, k: u32, total: u32) -> vec4u {
  let abc = next + unit / 2u % TILE_K;
  let panel = k / 16u + unit / 2u / TILE_K;
  if (abc >= total || panel * 16u >= g.k) { return vec4u(); }
  return w[(panel * total + abc) * 2u + unit % 2u];
}
fn place_w(unit: u32) -> u32 { return W_BASE + unit / 2u % TILE_K * W_STRIDE + unit / 2u / TILE_K * 2u + unit % 2u; }

fn multiply_stage(sums: ptr<function, Sums>, at: u32, subgroup: u32) {
  let row = at + subgroup / SUBGROUPS_N * ROWS * X_STRIDE;
  let column = at + W_BASE + subgroup % SUBGROUPS_N * BLOCKS_N * N / 8u;
  for (var k = 0u; k < TILE_K; k += K) {
    var right: array<Right, BLOCKS_N>;
    for (var n = 0u; n < BLOCKS_N; n++) {
      right[n] = subgroupMatrixLoad<Right, row_major>(&tile, column + k * W_STRIDE + n * N / 8u, W_STRIDE);
    }
    for (var m = 0u; m < BLOCKS_M; m++) {
      let left = subgroupMatrixLoad<Left, row_major>(&tile, row + m * M * X_STRIDE + k / 8u, X_STRIDE);
      for (var n = 0u; n < BLOCKS_N; n++) { (*sums)[m][n] = subgroupMatrixMultiplyAccumulate(left, right[n], (*sums)[m][n]); }
    }
  }
}

// Adds the tile's products to the sums, and leaves workgroup memory free.
fn multiply(sums: ptr<function, Sums>, at: Place, lane: u32, subgroup: u32) {
  let total = g.taps_r * g.taps_s * g.c;
  let own = lane % X_UNITS; // of each row of a stage, the unit that this invocation loads
  var pixels: array<Pixel, X_LOADS>;
  for (var i = 0u; i < X_LOADS; i++) { pixels[i] = pixel(at.pixel + lane / X_UNITS + i * INVOCATIONS / X_UNITS, at.end); }
  var t = advance(Tap(0u, 0u, 0u), own * 8u);
  var next_x: array<vec4u, X_LOADS>;
  var next_w: array<vec4u, W_LOADS>;
  var stage = 0u;
  // The first stage is loaded and stored before anything is multiplied, each other one meanwhile.
  for (var next = 0u; next < total + TILE_K; next += TILE_K) {
    if (next < total) {
      for (var i = 0u; i < X_LOADS; i++) { next_x[i] = load_x(pixels[i], t); }
      for (var i = 0u; i < W_LOADS; i++) { next_w[i] = load_w(lane + i * INVOCATIONS, next, at.k, total); }
      t = advance(t, TILE_K);
    }
    if (next > 0u) { multiply_stage(sums, STAGE - stage, subgroup); }
    if (next < total) {
      for (var i = 0u; i < X_LOADS; i++) {
        tile[stage + (lane / X_UNITS + i * INVOCATIONS / X_UNITS) * X_STRIDE + own] = next_x[i];
      }
      for (var i = 0u; i < W_LOADS; i++) { tile[stage + place_w(lane + i * INVOCATIONS)] = next_w[i]; }
    }
    workgroupBarrier();
    stage = STAGE - stage;
  }
}
