// conv2d_weight_gradient_tiled: partial sums of a convolution's weight gradient, split over output pixels.
//   partial[z, k, (r, s), c] = sum over the output pixels (n, p, q) of split z, of
//     dy[n, p, q, k] * x[n, p*stride + r - pad, q*stride + s - pad, c]
// x           [N, H, W, C / 4]           vec4 of Elem, read
// dy          [N, P, Q, K / 4]           vec4 of Elem, read
// g           the sizes: not constants, so that all shapes of a network share a pipeline
// partial     [splits, K, R*S*C / 4]     vec4f, overwritten; summed by reduce_splits.wgsl
// lib         conv2d_weight_gradient_geometry.wgsl
// dispatch    [ceil(R*S*C / (8 * WG_N)), ceil(K / (8 * WG_M)), splits]; of more columns or filters than a dispatch takes,
//             those from column_first and k_first on
// numerics    f32 sums in the order (n, p, q), whatever the tile: all of conv2d's kernels make the same bits. Loops go round
//             6 times for sixteen pixels, of 65,535 on a CPU: pixels_per_split <= 20,480 is far from it
// A workgroup makes 8*WG_M filters of 8*WG_N columns (r, s, c), an invocation 8 of each. It goes through the output pixels
// sixteen at a time: the next sixteen are on their way from memory while these are multiplied.
alias Elem = f32;
override WG_M: u32 = 16; // 8, 16 or 32: what an invocation loads of x is 32 / WG_M vectors
override WG_N: u32 = 16; // 8, 16 or 32: and of dy 32 / WG_N
const TILE_K: u32 = 16;

@group(0) @binding(0) var<storage, read> x: array<vec4<Elem>>;
@group(0) @binding(1) var<storage, read> dy: array<vec4<Elem>>;
@group(0) @binding(2) var<uniform> g: Geometry;
@group(0) @binding(3) var<storage, read_write> partial: array<vec4f>;

var<workgroup> ds: array<vec4f, TILE_K * 2 * WG_M>; // [output pixel][vector of four filters]
var<workgroup> xs: array<vec4f, TILE_K * 2 * WG_N>; // [output pixel][vector of four columns]

// An output pixel of this split: its image's first input row, and its own first input row and column.
struct Pixel { image: u32, top: u32, left: u32, inside: bool }
fn pixel(index: u32, last: u32) -> Pixel {
  let row = index / g.q;
  return Pixel(row / g.p * g.h, row % g.p * g.stride, index % g.q * g.stride, index < last);
}
fn load_dy(index: u32, k: u32, last: u32) -> vec4f {
  if (index >= last || k >= g.k) { return vec4f(); }
  return vec4f(dy[(index * g.k + k) / 4u]);
}
// A column's tap, less the padding, and its channel; r is far outside where there is no such column.
struct Column { r: u32, s: u32, c: u32 }
fn column(rsc: u32) -> Column {
  if (rsc >= g.r * g.s * g.c) { return Column(0x40000000u, 0u, 0u); }
  return Column(rsc / (g.s * g.c) - g.pad, rsc / g.c % g.s - g.pad, rsc % g.c);
}
fn load_x(p: Pixel, at: Column) -> vec4f {
  let row = p.top + at.r; // a negative one wraps round past h
  let across = p.left + at.s;
  if (!p.inside || row >= g.h || across >= g.w) { return vec4f(); }
  return vec4f(x[(((p.image + row) * g.w + across) * g.c + at.c) / 4u]);
}
fn store(z: u32, k: u32, rsc: u32, low: vec4f, high: vec4f) {
  let columns = g.r * g.s * g.c;
  if (k >= g.k) { return; }
  let at = ((z * g.k + k) * columns + rsc) / 4u;
  if (rsc < columns) { partial[at] = low; }
  if (rsc + 4u * WG_N < columns) { partial[at + WG_N] = high; }
}

@compute @workgroup_size(WG_M * WG_N)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let rsc = g.column_first + group.x * 8u * WG_N;
  let k = g.k_first + group.y * 8u * WG_M;
  let last = min((group.z + 1u) * g.pixels_per_split, g.n * g.p * g.q);
  // What this invocation loads: of dy a vector of filters of every WG_N / 2-th pixel, of x a vector of columns of every
  // WG_M / 2-th.
  let load_k = k + lane % (2u * WG_M) * 4u;
  let row_d = lane / (2u * WG_M);
  let load_column = column(rsc + lane % (2u * WG_N) * 4u);
  let row_x = lane / (2u * WG_N);
  let m = lane / WG_N;
  let n = lane % WG_N;
  var y00 = vec4f(); var y01 = vec4f(); var y10 = vec4f(); var y11 = vec4f();
  var y20 = vec4f(); var y21 = vec4f(); var y30 = vec4f(); var y31 = vec4f();
  var y40 = vec4f(); var y41 = vec4f(); var y50 = vec4f(); var y51 = vec4f();
  var y60 = vec4f(); var y61 = vec4f(); var y70 = vec4f(); var y71 = vec4f();
  let start = group.z * g.pixels_per_split;
  var next = start; // the first of the sixteen pixels on their way
  var nd0 = vec4f(); var nd1 = vec4f(); var nd2 = vec4f(); var nd3 = vec4f();
  var nx0 = vec4f(); var nx1 = vec4f(); var nx2 = vec4f(); var nx3 = vec4f();
  loop {
    if (next < last) {
      nd0 = load_dy(next + row_d, load_k, last);
      if (WG_N < 32u) { nd1 = load_dy(next + row_d + WG_N / 2u, load_k, last); }
      if (WG_N < 16u) {
        nd2 = load_dy(next + row_d + WG_N, load_k, last);
        nd3 = load_dy(next + row_d + 3u * WG_N / 2u, load_k, last);
      }
      nx0 = load_x(pixel(next + row_x, last), load_column);
      if (WG_M < 32u) { nx1 = load_x(pixel(next + row_x + WG_M / 2u, last), load_column); }
      if (WG_M < 16u) {
        nx2 = load_x(pixel(next + row_x + WG_M, last), load_column);
        nx3 = load_x(pixel(next + row_x + 3u * WG_M / 2u, last), load_column);
      }
    }
    if (next > start) {
      for (var v = 0u; v < TILE_K; v++) {
        let p = ds[v * 2u * WG_M + m]; let q = ds[v * 2u * WG_M + WG_M + m];
        let x0 = xs[v * 2u * WG_N + n]; let x1 = xs[v * 2u * WG_N + WG_N + n];
        y00 = fma(vec4f(p.x), x0, y00); y01 = fma(vec4f(p.x), x1, y01);
        y10 = fma(vec4f(p.y), x0, y10); y11 = fma(vec4f(p.y), x1, y11);
        y20 = fma(vec4f(p.z), x0, y20); y21 = fma(vec4f(p.z), x1, y21);
        y30 = fma(vec4f(p.w), x0, y30); y31 = fma(vec4f(p.w), x1, y31);
        y40 = fma(vec4f(q.x), x0, y40); y41 = fma(vec4f(q.x), x1, y41);
        y50 = fma(vec4f(q.y), x0, y50); y51 = fma(vec4f(q.y), x1, y51);
        y60 = fma(vec4f(q.z), x0, y60); y61 = fma(vec4f(q.z), x1, y61);
        y70 = fma(vec4f(q.w), x0, y70); y71 = fma(vec4f(q.w), x1, y71);
      }
      workgroupBarrier();
    }
    if (next >= last) { break; }
    ds[lane] = nd0;
    if (WG_N < 32u) { ds[lane + WG_M * WG_N] = nd1; }
    if (WG_N < 16u) { ds[lane + 2u * WG_M * WG_N] = nd2; ds[lane + 3u * WG_M * WG_N] = nd3; }
    xs[lane] = nx0;
    if (WG_M < 32u) { xs[lane + WG_M * WG_N] = nx1; }
    if (WG_M < 16u) { xs[lane + 2u * WG_M * WG_N] = nx2; xs[lane + 3u * WG_M * WG_N] = nx3; }
    workgroupBarrier();
    next += TILE_K;
  }
  let low = k + m * 4u;
  let high = low + 4u * WG_M;
  let at = rsc + n * 4u;
  store(group.z, low, at, y00, y01);
  store(group.z, low + 1u, at, y10, y11);
  store(group.z, low + 2u, at, y20, y21);
  store(group.z, low + 3u, at, y30, y31);
  store(group.z, high, at, y40, y41);
  store(group.z, high + 1u, at, y50, y51);
  store(group.z, high + 2u, at, y60, y61);
  store(group.z, high + 3u, at, y70, y71);
}
