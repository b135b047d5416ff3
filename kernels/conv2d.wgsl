// conv2d: one kernel for a convolution's output and for its input gradient, as an implicit GEMM (no im2col).
//   y[n, i*Y_STEP + Y_TOP, j*Y_STEP + Y_LEFT, k] =
//     sum over a < TAPS_R, b < TAPS_S, c < C of
//       x[n, i*X_STEP + X_TOP + a*X_DIR, j*X_STEP + X_LEFT + b*X_DIR, c] * w[tap(a, b), c, k]
//   tap(a, b) = (R_FIRST + a*R_STEP) * S + S_FIRST + b*R_STEP;  x is zero outside its borders
//   The output uses Y_STEP = 1, X_STEP = stride, X_DIR = 1. The input gradient at stride t runs once for each of the
//   t*t parities of an input pixel, with Y_STEP = t, X_STEP = 1, X_DIR = -1 and every t-th tap.
// x           [N, X_H, X_W, C]      f32, read
// w           [panels, taps, C, 16] f32, packed by pack_weight.wgsl: a panel is 16 channels
// y           [N, Y_H, Y_W, K]      f32; the addressed pixels are overwritten
// dispatch    [ceil(ROWS * COL_TILES / WORKGROUP_SIZE) folded into x and y, panels]
// numerics    f32, one fixed order of sums: two runs on one device agree bit for bit
// An invocation makes 8 neighbouring columns of 16 channels: the weights' index is the same over a workgroup, which
// a CPU driver turns into scalar loads, and each loaded pixel is used 16 times.
override N: u32;
override X_H: u32;
override X_W: u32;
override C: u32;
override Y_H: u32;
override Y_W: u32;
override K: u32;
override TAPS: u32; // of the whole filter
override I_COUNT: u32; // output rows of this parity
override J_COUNT: u32; // output columns of this parity
override TAPS_R: u32;
override TAPS_S: u32;
override S: u32;
override R_FIRST: u32 = 0;
override S_FIRST: u32 = 0;
override R_STEP: u32 = 1;
override X_STEP: u32 = 1;
override X_DIR: i32 = 1;
override X_TOP: i32;
override X_LEFT: i32;
override Y_STEP: u32 = 1;
override Y_TOP: u32 = 0;
override Y_LEFT: u32 = 0;
override WORKGROUP_SIZE: u32 = 8;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

// Where a pixel's channels begin, or NOWHERE outside the borders.
const NOWHERE: u32 = 0xffffffffu;
fn pixel(n: u32, row: i32, column: i32) -> u32 {
  let inside = row >= 0 && row < i32(X_H) && column >= 0 && column < i32(X_W);
  return select(NOWHERE, ((n * X_H + u32(row)) * X_W + u32(column)) * C, inside);
}
fn load(base: u32, c: u32) -> f32 {
  return select(0.0, x[select(base + c, 0u, base == NOWHERE)], base != NOWHERE);
}
fn store(at: u32, k: u32, v: vec4f) {
  if (k + 3u < K) {
    y[at + k] = v.x; y[at + k + 1u] = v.y; y[at + k + 2u] = v.z; y[at + k + 3u] = v.w;
  } else {
    if (k < K) { y[at + k] = v.x; }
    if (k + 1u < K) { y[at + k + 1u] = v.y; }
    if (k + 2u < K) { y[at + k + 2u] = v.z; }
  }
}
fn store_pixel(row: u32, j: u32, k: u32, v0: vec4f, v1: vec4f, v2: vec4f, v3: vec4f) {
  if (j >= J_COUNT) { return; }
  let n = row / I_COUNT;
  let i = row % I_COUNT;
  let at = ((n * Y_H + i * Y_STEP + Y_TOP) * Y_W + j * Y_STEP + Y_LEFT) * K;
  store(at, k, v0); store(at, k + 4u, v1); store(at, k + 8u, v2); store(at, k + 12u, v3);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let col_tiles = (J_COUNT + 7u) / 8u;
  let tile = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  let row = tile / col_tiles; // n * I_COUNT + i
  if (row >= N * I_COUNT) { return; }
  let j = (tile % col_tiles) * 8u;
  let k = group.z * 16u;
  let n = row / I_COUNT;
  let top = i32((row % I_COUNT) * X_STEP) + X_TOP;
  let left = i32(j * X_STEP) + X_LEFT;
  var a00 = vec4f(); var a01 = vec4f(); var a02 = vec4f(); var a03 = vec4f();
  var a10 = vec4f(); var a11 = vec4f(); var a12 = vec4f(); var a13 = vec4f();
  var a20 = vec4f(); var a21 = vec4f(); var a22 = vec4f(); var a23 = vec4f();
  var a30 = vec4f(); var a31 = vec4f(); var a32 = vec4f(); var a33 = vec4f();
  var a40 = vec4f(); var a41 = vec4f(); var a42 = vec4f(); var a43 = vec4f();
  var a50 = vec4f(); var a51 = vec4f(); var a52 = vec4f(); var a53 = vec4f();
  var a60 = vec4f(); var a61 = vec4f(); var a62 = vec4f(); var a63 = vec4f();
  var a70 = vec4f(); var a71 = vec4f(); var a72 = vec4f(); var a73 = vec4f();
  // Zero, which a compiler cannot know: where these loops have constant bounds, Mesa 25 unrolls them, and LLVM takes up
  // to 50 s over the copies (Mesa 22, and naga's counted loops over C, stay rolled).
  let zero = groups.z >> 31u;
  for (var a = 0u; a < TAPS_R + zero; a++) {
    let y_in = top + i32(a) * X_DIR;
    for (var b = 0u; b < TAPS_S + zero; b++) {
      let x_in = left + i32(b) * X_DIR;
      let p0 = pixel(n, y_in, x_in + 0 * i32(X_STEP));
      let p1 = pixel(n, y_in, x_in + 1 * i32(X_STEP));
      let p2 = pixel(n, y_in, x_in + 2 * i32(X_STEP));
      let p3 = pixel(n, y_in, x_in + 3 * i32(X_STEP));
      let p4 = pixel(n, y_in, x_in + 4 * i32(X_STEP));
      let p5 = pixel(n, y_in, x_in + 5 * i32(X_STEP));
      let p6 = pixel(n, y_in, x_in + 6 * i32(X_STEP));
      let p7 = pixel(n, y_in, x_in + 7 * i32(X_STEP));
      var at = (group.z * TAPS + (R_FIRST + a * R_STEP) * S + S_FIRST + b * R_STEP) * C * 4u;
      for (var c = 0u; c < C + zero; c++) {
        let w0 = w[at]; let w1 = w[at + 1u]; let w2 = w[at + 2u]; let w3 = w[at + 3u];
        at += 4u;
        let x0 = load(p0, c);
        a00 = fma(vec4f(x0), w0, a00); a01 = fma(vec4f(x0), w1, a01); a02 = fma(vec4f(x0), w2, a02); a03 = fma(vec4f(x0), w3, a03);
        let x1 = load(p1, c);
        a10 = fma(vec4f(x1), w0, a10); a11 = fma(vec4f(x1), w1, a11); a12 = fma(vec4f(x1), w2, a12); a13 = fma(vec4f(x1), w3, a13);
        let x2 = load(p2, c);
        a20 = fma(vec4f(x2), w0, a20); a21 = fma(vec4f(x2), w1, a21); a22 = fma(vec4f(x2), w2, a22); a23 = fma(vec4f(x2), w3, a23);
        let x3 = load(p3, c);
        a30 = fma(vec4f(x3), w0, a30); a31 = fma(vec4f(x3), w1, a31); a32 = fma(vec4f(x3), w2, a32); a33 = fma(vec4f(x3), w3, a33);
        let x4 = load(p4, c);
        a40 = fma(vec4f(x4), w0, a40); a41 = fma(vec4f(x4), w1, a41); a42 = fma(vec4f(x4), w2, a42); a43 = fma(vec4f(x4), w3, a43);
        let x5 = load(p5, c);
        a50 = fma(vec4f(x5), w0, a50); a51 = fma(vec4f(x5), w1, a51); a52 = fma(vec4f(x5), w2, a52); a53 = fma(vec4f(x5), w3, a53);
        let x6 = load(p6, c);
        a60 = fma(vec4f(x6), w0, a60); a61 = fma(vec4f(x6), w1, a61); a62 = fma(vec4f(x6), w2, a62); a63 = fma(vec4f(x6), w3, a63);
        let x7 = load(p7, c);
        a70 = fma(vec4f(x7), w0, a70); a71 = fma(vec4f(x7), w1, a71); a72 = fma(vec4f(x7), w2, a72); a73 = fma(vec4f(x7), w3, a73);
      }
    }
  }
  store_pixel(row, j + 0u, k, a00, a01, a02, a03);
  store_pixel(row, j + 1u, k, a10, a11, a12, a13);
  store_pixel(row, j + 2u, k, a20, a21, a22, a23);
  store_pixel(row, j + 3u, k, a30, a31, a32, a33);
  store_pixel(row, j + 4u, k, a40, a41, a42, a43);
  store_pixel(row, j + 5u, k, a50, a51, a52, a53);
  store_pixel(row, j + 6u, k, a60, a61, a62, a63);
  store_pixel(row, j + 7u, k, a70, a71, a72, a73);
}
