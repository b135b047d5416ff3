// conv2d_weight_gradient_subgroup8: conv2d_weight_gradient.wgsl's partial sums where a subgroup is 8 lanes wide, as on a
// CPU driver. Same formula, same order of sums, and so the same bits.
// x           [N, H, W, C]            f32, read
// dy          [N, P, Q, K]            f32, read
// partial     [SPLITS, K, R*S*C]      f32, overwritten; summed by reduce_splits.wgsl
// g           the sizes, in conv2d_weight_gradient.wgsl's words. Not constants, so that all shapes share one pipeline
// dispatch    [ceil(R*S*C / 64), ceil(K / 16), SPLITS]
// numerics    f32, one fixed order of sums: two runs on one device agree bit for bit
// An invocation makes 16 filters of 8 (r, s, c), each 8 after the last. Such a driver loads element by element, about
// 20 cycles each, so dy is loaded a lane each and handed round: 10 loads for 128 products.
struct Geometry {
  n: u32,
  h: u32,
  w: u32,
  c: u32,
  p: u32,
  q: u32,
  k: u32,
  r: u32,
  s: u32,
  stride: u32,
  pad: u32,
  rows_per_split: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<uniform> g: Geometry;
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;

// A column's place in a filter: its row r and column s less PAD, and its channel.
struct Place {
  r: i32,
  s: i32,
  c: u32,
}
fn place(column: u32) -> Place {
  let bounded = min(column, g.r * g.s * g.c - 1u);
  return Place(i32(bounded / (g.c * g.s)) - i32(g.pad), i32((bounded / g.c) % g.s) - i32(g.pad), bounded % g.c);
}

// Where a place's input row begins, at its channel, or NOWHERE outside the borders.
const NOWHERE: u32 = 0xffffffffu;
fn input_row(at: Place, image: u32, top: i32) -> u32 {
  let h = u32(top + at.r); // a negative one wraps round past H
  return select(NOWHERE, (image + h) * g.w * g.c + at.c, h < g.h);
}
fn load(row: u32, at: Place, left: i32) -> vec4f {
  let w = u32(left + at.s);
  let inside = w < g.w && row != NOWHERE;
  return vec4f(select(0.0, x[select(0u, row + w * g.c, inside)], inside));
}

fn store4(at: u32, k: u32, v: vec4f) {
  let step = g.r * g.s * g.c;
  if (k < g.k) { partial[at] = v.x; }
  if (k + 1u < g.k) { partial[at + step] = v.y; }
  if (k + 2u < g.k) { partial[at + 2u * step] = v.z; }
  if (k + 3u < g.k) { partial[at + 3u * step] = v.w; }
}
fn store(column: u32, k: u32, z: u32, v0: vec4f, v1: vec4f, v2: vec4f, v3: vec4f) {
  let step = g.r * g.s * g.c;
  if (column >= step) { return; }
  let at = (z * g.k + k) * step + column;
  store4(at, k, v0); store4(at + 4u * step, k + 4u, v1); store4(at + 8u * step, k + 8u, v2);
  store4(at + 12u * step, k + 12u, v3);
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let column = group.x * 64u + lane; // (r * S + s) * C + c
  let k = group.y * 16u;
  // A lane past the last filter reads the last one's gradient; its sums are not stored.
  let low_k = min(k + lane, g.k - 1u);
  let high_k = min(k + lane + 8u, g.k - 1u);
  let at0 = place(column + 0u);
  let at1 = place(column + 8u);
  let at2 = place(column + 16u);
  let at3 = place(column + 24u);
  let at4 = place(column + 32u);
  let at5 = place(column + 40u);
  let at6 = place(column + 48u);
  let at7 = place(column + 56u);
  var a00 = vec4f(); var a01 = vec4f(); var a02 = vec4f(); var a03 = vec4f();
  var a10 = vec4f(); var a11 = vec4f(); var a12 = vec4f(); var a13 = vec4f();
  var a20 = vec4f(); var a21 = vec4f(); var a22 = vec4f(); var a23 = vec4f();
  var a30 = vec4f(); var a31 = vec4f(); var a32 = vec4f(); var a33 = vec4f();
  var a40 = vec4f(); var a41 = vec4f(); var a42 = vec4f(); var a43 = vec4f();
  var a50 = vec4f(); var a51 = vec4f(); var a52 = vec4f(); var a53 = vec4f();
  var a60 = vec4f(); var a61 = vec4f(); var a62 = vec4f(); var a63 = vec4f();
  var a70 = vec4f(); var a71 = vec4f(); var a72 = vec4f(); var a73 = vec4f();
  let last = min((group.z + 1u) * g.rows_per_split, g.n * g.p);
  for (var row = group.z * g.rows_per_split; row < last; row++) {
    let image = (row / g.p) * g.h;
    let top = i32((row % g.p) * g.stride);
    let row0 = input_row(at0, image, top);
    let row1 = input_row(at1, image, top);
    let row2 = input_row(at2, image, top);
    let row3 = input_row(at3, image, top);
    let row4 = input_row(at4, image, top);
    let row5 = input_row(at5, image, top);
    let row6 = input_row(at6, image, top);
    let row7 = input_row(at7, image, top);
    for (var q = 0u; q < g.q; q++) {
      let left = i32(q * g.stride);
      let at = (row * g.q + q) * g.k;
      let low = dy[at + low_k];
      let high = dy[at + high_k];
      let d0 = vec4f(subgroupBroadcast(low, 0u), subgroupBroadcast(low, 1u),
                     subgroupBroadcast(low, 2u), subgroupBroadcast(low, 3u));
      let d1 = vec4f(subgroupBroadcast(low, 4u), subgroupBroadcast(low, 5u),
                     subgroupBroadcast(low, 6u), subgroupBroadcast(low, 7u));
      let d2 = vec4f(subgroupBroadcast(high, 0u), subgroupBroadcast(high, 1u),
                     subgroupBroadcast(high, 2u), subgroupBroadcast(high, 3u));
      let d3 = vec4f(subgroupBroadcast(high, 4u), subgroupBroadcast(high, 5u),
                     subgroupBroadcast(high, 6u), subgroupBroadcast(high, 7u));
      let x0 = load(row0, at0, left);
      a00 = fma(x0, d0, a00); a01 = fma(x0, d1, a01); a02 = fma(x0, d2, a02); a03 = fma(x0, d3, a03);
      let x1 = load(row1, at1, left);
      a10 = fma(x1, d0, a10); a11 = fma(x1, d1, a11); a12 = fma(x1, d2, a12); a13 = fma(x1, d3, a13);
      let x2 = load(row2, at2, left);
      a20 = fma(x2, d0, a20); a21 = fma(x2, d1, a21); a22 = fma(x2, d2, a22); a23 = fma(x2, d3, a23);
      let x3 = load(row3, at3, left);
      a30 = fma(x3, d0, a30); a31 = fma(x3, d1, a31); a32 = fma(x3, d2, a32); a33 = fma(x3, d3, a33);
      let x4 = load(row4, at4, left);
      a40 = fma(x4, d0, a40); a41 = fma(x4, d1, a41); a42 = fma(x4, d2, a42); a43 = fma(x4, d3, a43);
      let x5 = load(row5, at5, left);
      a50 = fma(x5, d0, a50); a51 = fma(x5, d1, a51); a52 = fma(x5, d2, a52); a53 = fma(x5, d3, a53);
      let x6 = load(row6, at6, left);
      a60 = fma(x6, d0, a60); a61 = fma(x6, d1, a61); a62 = fma(x6, d2, a62); a63 = fma(x6, d3, a63);
      let x7 = load(row7, at7, left);
      a70 = fma(x7, d0, a70); a71 = fma(x7, d1, a71); a72 = fma(x7, d2, a72); a73 = fma(x7, d3, a73);
    }
  }
  store(column + 0u, k, group.z, a00, a01, a02, a03);
  store(column + 8u, k, group.z, a10, a11, a12, a13);
  store(column + 16u, k, group.z, a20, a21, a22, a23);
  store(column + 24u, k, group.z, a30, a31, a32, a33);
  store(column + 32u, k, group.z, a40, a41, a42, a43);
  store(column + 40u, k, group.z, a50, a51, a52, a53);
  store(column + 48u, k, group.z, a60, a61, a62, a63);
  store(column + 56u, k, group.z, a70, a71, a72, a73);
}
