// conv2d_subgroup8: conv2d.wgsl's sums where a subgroup is 8 lanes wide, as on a CPU driver. Same formula, same packed
// weights, same order of sums, and so the same bits.
// x           [N, X_H, X_W, C]      f32, read
// w           [panels, taps, C, 16] f32, packed by pack_weight.wgsl: a panel is 16 channels
// y           [N, Y_H, Y_W, K]      f32; the addressed pixels are overwritten
// g           the sizes, in conv2d.wgsl's words. Not constants, so that all shapes share one pipeline: a CPU driver takes
//             half a second to two over each
// dispatch    [ceil(N * I_COUNT * J_COUNT / 64) folded into x and y, panels]
// numerics    f32, one fixed order of sums: two runs on one device agree bit for bit
// An invocation makes 8 pixels, each 8 after the last, of 16 channels. Such a driver loads element by element, about
// 20 cycles each, so the weights are loaded a lane each and handed round: 10 loads for 128 products.
struct Geometry {
  n: u32,
  x_h: u32,
  x_w: u32,
  c: u32,
  y_h: u32,
  y_w: u32,
  k: u32,
  i_count: u32, // output rows of this parity
  j_count: u32, // output columns of this parity
  taps: u32, // of the whole filter
  taps_r: u32,
  taps_s: u32,
  s: u32,
  r_first: u32,
  s_first: u32,
  r_step: u32,
  x_step: u32,
  x_dir: i32,
  x_top: i32,
  x_left: i32,
  y_step: u32,
  y_top: u32,
  y_left: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<uniform> g: Geometry;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

// An output pixel: its image, the input row and column of its first tap, and where its channels begin.
struct Pixel {
  n: u32,
  top: i32,
  left: i32,
  at: u32,
}
// Integers below 2^23 divided by floats, which a CPU driver does eight at a time; put right if the quotient was rounded.
fn divide(a: u32, b: u32) -> u32 {
  let q = u32(f32(a) / f32(b));
  let r = i32(a) - i32(q * b);
  return select(select(q, q + 1u, r >= i32(b)), q - 1u, r < 0);
}
// The pixel that lies `step` after the one at image n, row i, column j.
fn pixel(n: u32, i: u32, j: u32, step: u32) -> Pixel {
  let rows = divide(j + step, g.j_count);
  let images = divide(i + rows, g.i_count);
  let image = min(n + images, g.n - 1u); // past the last one nothing is stored
  let row = i + rows - images * g.i_count;
  let column = j + step - rows * g.j_count;
  let at = ((image * g.y_h + row * g.y_step + g.y_top) * g.y_w + column * g.y_step + g.y_left) * g.k;
  return Pixel(image, i32(row * g.x_step) + g.x_top, i32(column * g.x_step) + g.x_left, at);
}

// Where the channels of a pixel's tap begin, or NOWHERE outside the borders.
const NOWHERE: u32 = 0xffffffffu;
fn tap(p: Pixel, down: i32, right: i32) -> u32 {
  let row = u32(p.top + down); // a negative one wraps round past g.x_h
  let column = u32(p.left + right);
  return select(NOWHERE, ((p.n * g.x_h + row) * g.x_w + column) * g.c, row < g.x_h && column < g.x_w);
}
fn load(base: u32, c: u32) -> vec4f {
  return vec4f(select(0.0, x[select(base + c, 0u, base == NOWHERE)], base != NOWHERE));
}
fn store4(at: u32, k: u32, v: vec4f) {
  if (k + 3u < g.k) {
    y[at + k] = v.x; y[at + k + 1u] = v.y; y[at + k + 2u] = v.z; y[at + k + 3u] = v.w;
  } else {
    if (k < g.k) { y[at + k] = v.x; }
    if (k + 1u < g.k) { y[at + k + 1u] = v.y; }
    if (k + 2u < g.k) { y[at + k + 2u] = v.z; }
  }
}
fn store(index: u32, p: Pixel, k: u32, v0: vec4f, v1: vec4f, v2: vec4f, v3: vec4f) {
  if (index >= g.n * g.i_count * g.j_count) { return; }
  store4(p.at, k, v0); store4(p.at, k + 4u, v1); store4(p.at, k + 8u, v2); store4(p.at, k + 12u, v3);
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let first = (group.y * groups.x + group.x) * 64u + lane;
  let k = group.z * 16u;
  let j = first % g.j_count;
  let i = (first / g.j_count) % g.i_count;
  let n = first / (g.j_count * g.i_count);
  let p0 = pixel(n, i, j, 0u);
  let p1 = pixel(n, i, j, 8u);
  let p2 = pixel(n, i, j, 16u);
  let p3 = pixel(n, i, j, 24u);
  let p4 = pixel(n, i, j, 32u);
  let p5 = pixel(n, i, j, 40u);
  let p6 = pixel(n, i, j, 48u);
  let p7 = pixel(n, i, j, 56u);
  var a00 = vec4f(); var a01 = vec4f(); var a02 = vec4f(); var a03 = vec4f();
  var a10 = vec4f(); var a11 = vec4f(); var a12 = vec4f(); var a13 = vec4f();
  var a20 = vec4f(); var a21 = vec4f(); var a22 = vec4f(); var a23 = vec4f();
  var a30 = vec4f(); var a31 = vec4f(); var a32 = vec4f(); var a33 = vec4f();
  var a40 = vec4f(); var a41 = vec4f(); var a42 = vec4f(); var a43 = vec4f();
  var a50 = vec4f(); var a51 = vec4f(); var a52 = vec4f(); var a53 = vec4f();
  var a60 = vec4f(); var a61 = vec4f(); var a62 = vec4f(); var a63 = vec4f();
  var a70 = vec4f(); var a71 = vec4f(); var a72 = vec4f(); var a73 = vec4f();
  for (var a = 0u; a < g.taps_r; a++) {
    let down = i32(a) * g.x_dir;
    for (var b = 0u; b < g.taps_s; b++) {
      let right = i32(b) * g.x_dir;
      let t0 = tap(p0, down, right);
      let t1 = tap(p1, down, right);
      let t2 = tap(p2, down, right);
      let t3 = tap(p3, down, right);
      let t4 = tap(p4, down, right);
      let t5 = tap(p5, down, right);
      let t6 = tap(p6, down, right);
      let t7 = tap(p7, down, right);
      var at = (group.z * g.taps + (g.r_first + a * g.r_step) * g.s + g.s_first + b * g.r_step) * g.c * 16u + lane;
      for (var c = 0u; c < g.c; c++) {
        let low = w[at];
        let high = w[at + 8u];
        at += 16u;
        let w0 = vec4f(subgroupBroadcast(low, 0u), subgroupBroadcast(low, 1u),
                       subgroupBroadcast(low, 2u), subgroupBroadcast(low, 3u));
        let w1 = vec4f(subgroupBroadcast(low, 4u), subgroupBroadcast(low, 5u),
                       subgroupBroadcast(low, 6u), subgroupBroadcast(low, 7u));
        let w2 = vec4f(subgroupBroadcast(high, 0u), subgroupBroadcast(high, 1u),
                       subgroupBroadcast(high, 2u), subgroupBroadcast(high, 3u));
        let w3 = vec4f(subgroupBroadcast(high, 4u), subgroupBroadcast(high, 5u),
                       subgroupBroadcast(high, 6u), subgroupBroadcast(high, 7u));
        let x0 = load(t0, c);
        a00 = fma(x0, w0, a00); a01 = fma(x0, w1, a01); a02 = fma(x0, w2, a02); a03 = fma(x0, w3, a03);
        let x1 = load(t1, c);
        a10 = fma(x1, w0, a10); a11 = fma(x1, w1, a11); a12 = fma(x1, w2, a12); a13 = fma(x1, w3, a13);
        let x2 = load(t2, c);
        a20 = fma(x2, w0, a20); a21 = fma(x2, w1, a21); a22 = fma(x2, w2, a22); a23 = fma(x2, w3, a23);
        let x3 = load(t3, c);
        a30 = fma(x3, w0, a30); a31 = fma(x3, w1, a31); a32 = fma(x3, w2, a32); a33 = fma(x3, w3, a33);
        let x4 = load(t4, c);
        a40 = fma(x4, w0, a40); a41 = fma(x4, w1, a41); a42 = fma(x4, w2, a42); a43 = fma(x4, w3, a43);
        let x5 = load(t5, c);
        a50 = fma(x5, w0, a50); a51 = fma(x5, w1, a51); a52 = fma(x5, w2, a52); a53 = fma(x5, w3, a53);
        let x6 = load(t6, c);
        a60 = fma(x6, w0, a60); a61 = fma(x6, w1, a61); a62 = fma(x6, w2, a62); a63 = fma(x6, w3, a63);
        let x7 = load(t7, c);
        a70 = fma(x7, w0, a70); a71 = fma(x7, w1, a71); a72 = fma(x7, w2, a72); a73 = fma(x7, w3, a73);
      }
    }
  }
  store(first + 0u, p0, k, a00, a01, a02, a03);
  store(first + 8u, p1, k, a10, a11, a12, a13);
  store(first + 16u, p2, k, a20, a21, a22, a23);
  store(first + 24u, p3, k, a30, a31, a32, a33);
  store(first + 32u, p4, k, a40, a41, a42, a43);
  store(first + 40u, p5, k, a50, a51, a52, a53);
  store(first + 48u, p6, k, a60, a61, a62, a63);
  store(first + 56u, p7, k, a70, a71, a72, a73);
}
