// conv2d_tiled: one kernel for a convolution's output and for its input gradient, as an implicit GEMM (no im2col).
//   y[n, i*y_step + y_top, j*y_step + y_left, k] =
//     sum over a < taps_r, b < taps_s, c < C of
//       x[n, i*x_step + x_top + a*x_dir, j*x_step + x_left + b*x_dir, c] * w[a, b, c, k];  x is zero outside its borders
//   The output uses y_step = 1, x_step = stride, x_dir = 1. The input gradient at stride t runs once for each of the
//   t*t parities of an input pixel, with y_step = t, x_step = 1, x_dir = -1 and every t-th tap.
// x           [N, X_H, X_W, C / 4]            vec4 of Elem, read
// w           [panels, taps_r, taps_s, C, 4]  vec4 of Elem, read; packed by pack_weight.wgsl: a panel is 16 channels
// g           the sizes: not constants, so that all shapes of a network share a pipeline
// y           [N, Y_H, Y_W, K / 4]            vec4 of Elem; the addressed pixels are overwritten
// statistics, gamma, beta, residual           of lib/conv2d_epilogue.wgsl, read; another's where nothing is to become of sums
// lib         conv2d_geometry.wgsl, conv2d_tap.wgsl, conv2d_epilogue.wgsl
// dispatch    [ceil(pixels / (8 * WG_M)) folded into x and y, ceil(K / (8 * WG_N))], pixels = N * i_count * j_count;
//             of more channels than a dispatch takes, those from k_first on
// numerics    f32 sums in the order (a, b, c), whatever the tile: all of conv2d's kernels make the same bits. Loops go
//             round at most 11 times for sixteen (a, b, c), of 65,535 on a CPU: 95,312 of them, and conv2d_sizes.ts lets fewer pass
// A workgroup makes 8*WG_M pixels of 8*WG_N channels, an invocation 8 of each. It goes through (a, b, c) sixteen at a time:
// the next sixteen are on their way from memory while these are multiplied.
alias Elem = f32;
override WG_M: u32 = 16; // 8, 16 or 32: what an invocation loads of w is 32 / WG_M vectors
override WG_N: u32 = 16; // 8, 16 or 32: and of x 32 / WG_N
const TILE_K: u32 = 16;
const STRIDE_X: u32 = 5; // vectors between two pixels in xs: one more than TILE_K / 4, so that banks don't collide

@group(0) @binding(0) var<storage, read> x: array<vec4<Elem>>;
@group(0) @binding(1) var<storage, read> w: array<vec4<Elem>>;
@group(0) @binding(2) var<uniform> g: Geometry;
@group(0) @binding(3) var<storage, read_write> y: array<vec4<Elem>>;
@group(0) @binding(4) var<storage, read> statistics: array<vec4f>;
@group(0) @binding(5) var<storage, read> gamma: array<vec4f>;
@group(0) @binding(6) var<storage, read> beta: array<vec4f>;
@group(0) @binding(7) var<storage, read> residual: array<vec4<Elem>>;

var<workgroup> xs: array<vec4f, 8 * WG_M * STRIDE_X>; // [pixel][vector of four (a, b, c)]
var<workgroup> ws: array<vec4f, TILE_K * 2 * WG_N>; // [(a, b, c)][vector of four channels]

// An output pixel: its image (past the last one where there is none), the input row and column of its first tap.
struct Pixel { n: u32, top: i32, left: i32 }
fn pixel(index: u32) -> Pixel {
  let row = index / g.j_count;
  return Pixel(row / g.i_count, i32((row % g.i_count) * g.x_step) + g.x_top, i32((index % g.j_count) * g.x_step) + g.x_left);
}
fn load_x(p: Pixel, t: Tap) -> vec4f {
  let row = u32(p.top + i32(t.a) * g.x_dir); // a negative one wraps round past x_h
  let column = u32(p.left + i32(t.b) * g.x_dir);
  if (t.a >= g.taps_r || p.n >= g.n || row >= g.x_h || column >= g.x_w) { return vec4f(); }
  return vec4f(x[(((p.n * g.x_h + row) * g.x_w + column) * g.c + t.c) / 4u]);
}
fn load_w(abc: u32, k: u32, total: u32) -> vec4f {
  if (abc >= total || k >= (g.k + 15u) / 16u * 16u) { return vec4f(); }
  return vec4f(w[(k / 16u * total + abc) * 4u + (k % 16u) / 4u]);
}
fn store(index: u32, k: u32, low: vec4f, high: vec4f) {
  if (index >= g.n * g.i_count * g.j_count) { return; }
  let row = index / g.j_count;
  let at = ((row / g.i_count * g.y_h + row % g.i_count * g.y_step + g.y_top) * g.y_w + index % g.j_count * g.y_step + g.y_left) * g.k;
  let v = (at + k) / 4u;
  if (k < g.k) { y[v] = finish(low, k, v); }
  if (k + 4u * WG_N < g.k) { y[v + WG_N] = finish(high, k + 4u * WG_N, v + WG_N); }
}

@compute @workgroup_size(WG_M * WG_N)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let first = (group.y * groups.x + group.x) * 8u * WG_M;
  let first_k = g.k_first + group.z * 8u * WG_N;
  // What this invocation loads of x: one vector of every WG_M * WG_N / 4-th pixel.
  let vector = lane % 4u;
  let rows = WG_M * WG_N / 4u;
  let at0 = pixel(first + lane / 4u);
  let at1 = pixel(first + lane / 4u + rows);
  let at2 = pixel(first + lane / 4u + 2u * rows);
  let at3 = pixel(first + lane / 4u + 3u * rows);
  // And of w: one vector of channels of every WG_M / 2-th (a, b, c).
  let column = lane % (2u * WG_N);
  let row_w = lane / (2u * WG_N);
  let m = lane / WG_N;
  let n = lane % WG_N;
  var y00 = vec4f(); var y01 = vec4f(); var y10 = vec4f(); var y11 = vec4f();
  var y20 = vec4f(); var y21 = vec4f(); var y30 = vec4f(); var y31 = vec4f();
  var y40 = vec4f(); var y41 = vec4f(); var y50 = vec4f(); var y51 = vec4f();
  var y60 = vec4f(); var y61 = vec4f(); var y70 = vec4f(); var y71 = vec4f();
  let total = g.taps_r * g.taps_s * g.c;
  var next = 0u; // the first (a, b, c) of the sixteen on their way
  var t = advance(Tap(0u, 0u, 0u), vector * 4u);
  var nx0 = vec4f(); var nx1 = vec4f(); var nx2 = vec4f(); var nx3 = vec4f();
  var nw0 = vec4f(); var nw1 = vec4f(); var nw2 = vec4f(); var nw3 = vec4f();
  loop {
    if (next < total) {
      nx0 = load_x(at0, t);
      if (WG_N < 32u) { nx1 = load_x(at1, t); }
      if (WG_N < 16u) { nx2 = load_x(at2, t); nx3 = load_x(at3, t); }
      let k = first_k + column * 4u;
      nw0 = load_w(next + row_w, k, total);
      if (WG_M < 32u) { nw1 = load_w(next + row_w + WG_M / 2u, k, total); }
      if (WG_M < 16u) { nw2 = load_w(next + row_w + WG_M, k, total); nw3 = load_w(next + row_w + 3u * WG_M / 2u, k, total); }
      t = advance(t, TILE_K);
    }
    if (next > 0u) {
      for (var v = 0u; v < 4u; v++) {
        let row = v * 4u * (2u * WG_N) + n;
        let x0 = xs[m * STRIDE_X + v]; let x1 = xs[(m + WG_M) * STRIDE_X + v];
        let x2 = xs[(m + 2u * WG_M) * STRIDE_X + v]; let x3 = xs[(m + 3u * WG_M) * STRIDE_X + v];
        let x4 = xs[(m + 4u * WG_M) * STRIDE_X + v]; let x5 = xs[(m + 5u * WG_M) * STRIDE_X + v];
        let x6 = xs[(m + 6u * WG_M) * STRIDE_X + v]; let x7 = xs[(m + 7u * WG_M) * STRIDE_X + v];
        let p0 = ws[row + 0u * (2u * WG_N)]; let q0 = ws[row + 0u * (2u * WG_N) + WG_N];
        y00 = fma(vec4f(x0.x), p0, y00); y01 = fma(vec4f(x0.x), q0, y01);
        y10 = fma(vec4f(x1.x), p0, y10); y11 = fma(vec4f(x1.x), q0, y11);
        y20 = fma(vec4f(x2.x), p0, y20); y21 = fma(vec4f(x2.x), q0, y21);
        y30 = fma(vec4f(x3.x), p0, y30); y31 = fma(vec4f(x3.x), q0, y31);
        y40 = fma(vec4f(x4.x), p0, y40); y41 = fma(vec4f(x4.x), q0, y41);
        y50 = fma(vec4f(x5.x), p0, y50); y51 = fma(vec4f(x5.x), q0, y51);
        y60 = fma(vec4f(x6.x), p0, y60); y61 = fma(vec4f(x6.x), q0, y61);
        y70 = fma(vec4f(x7.x), p0, y70); y71 = fma(vec4f(x7.x), q0, y71);
        let p1 = ws[row + 1u * (2u * WG_N)]; let q1 = ws[row + 1u * (2u * WG_N) + WG_N];
        y00 = fma(vec4f(x0.y), p1, y00); y01 = fma(vec4f(x0.y), q1, y01);
        y10 = fma(vec4f(x1.y), p1, y10); y11 = fma(vec4f(x1.y), q1, y11);
        y20 = fma(vec4f(x2.y), p1, y20); y21 = fma(vec4f(x2.y), q1, y21);
        y30 = fma(vec4f(x3.y), p1, y30); y31 = fma(vec4f(x3.y), q1, y31);
        y40 = fma(vec4f(x4.y), p1, y40); y41 = fma(vec4f(x4.y), q1, y41);
        y50 = fma(vec4f(x5.y), p1, y50); y51 = fma(vec4f(x5.y), q1, y51);
        y60 = fma(vec4f(x6.y), p1, y60); y61 = fma(vec4f(x6.y), q1, y61);
        y70 = fma(vec4f(x7.y), p1, y70); y71 = fma(vec4f(x7.y), q1, y71);
        let p2 = ws[row + 2u * (2u * WG_N)]; let q2 = ws[row + 2u * (2u * WG_N) + WG_N];
        y00 = fma(vec4f(x0.z), p2, y00); y01 = fma(vec4f(x0.z), q2, y01);
        y10 = fma(vec4f(x1.z), p2, y10); y11 = fma(vec4f(x1.z), q2, y11);
        y20 = fma(vec4f(x2.z), p2, y20); y21 = fma(vec4f(x2.z), q2, y21);
        y30 = fma(vec4f(x3.z), p2, y30); y31 = fma(vec4f(x3.z), q2, y31);
        y40 = fma(vec4f(x4.z), p2, y40); y41 = fma(vec4f(x4.z), q2, y41);
        y50 = fma(vec4f(x5.z), p2, y50); y51 = fma(vec4f(x5.z), q2, y51);
        y60 = fma(vec4f(x6.z), p2, y60); y61 = fma(vec4f(x6.z), q2, y61);
        y70 = fma(vec4f(x7.z), p2, y70); y71 = fma(vec4f(x7.z), q2, y71);
        let p3 = ws[row + 3u * (2u * WG_N)]; let q3 = ws[row + 3u * (2u * WG_N) + WG_N];
        y00 = fma(vec4f(x0.w), p3, y00); y01 = fma(vec4f(x0.w), q3, y01);
        y10 = fma(vec4f(x1.w), p3, y10); y11 = fma(vec4f(x1.w), q3, y11);
        y20 = fma(vec4f(x2.w), p3, y20); y21 = fma(vec4f(x2.w), q3, y21);
        y30 = fma(vec4f(x3.w), p3, y30); y31 = fma(vec4f(x3.w), q3, y31);
        y40 = fma(vec4f(x4.w), p3, y40); y41 = fma(vec4f(x4.w), q3, y41);
        y50 = fma(vec4f(x5.w), p3, y50); y51 = fma(vec4f(x5.w), q3, y51);
        y60 = fma(vec4f(x6.w), p3, y60); y61 = fma(vec4f(x6.w), q3, y61);
        y70 = fma(vec4f(x7.w), p3, y70); y71 = fma(vec4f(x7.w), q3, y71);
      }
      workgroupBarrier();
    }
    if (next >= total) { break; }
    let here = lane / 4u * STRIDE_X + vector;
    xs[here] = nx0;
    if (WG_N < 32u) { xs[here + rows * STRIDE_X] = nx1; }
    if (WG_N < 16u) { xs[here + 2u * rows * STRIDE_X] = nx2; xs[here + 3u * rows * STRIDE_X] = nx3; }
    ws[lane] = nw0;
    if (WG_M < 32u) { ws[lane + WG_M * WG_N] = nw1; }
    if (WG_M < 16u) { ws[lane + 2u * WG_M * WG_N] = nw2; ws[lane + 3u * WG_M * WG_N] = nw3; }
    workgroupBarrier();
    next += TILE_K;
  }
  let k = first_k + n * 4u;
  store(first + m, k, y00, y01);
  store(first + m + WG_M, k, y10, y11);
  store(first + m + 2u * WG_M, k, y20, y21);
  store(first + m + 3u * WG_M, k, y30, y31);
  store(first + m + 4u * WG_M, k, y40, y41);
  store(first + m + 5u * WG_M, k, y50, y51);
  store(first + m + 6u * WG_M, k, y60, y61);
  store(first + m + 7u * WG_M, k, y70, y71);
}
