// conv2d_weight_gradient_subgroup8_wide: conv2d_weight_gradient_subgroup8.wgsl with 32 filters of 8 columns an invocation, two
// vectors of four that lie 32 columns apart, and two pixels at a time: 6 loads for 512 products, which pays where there are
// as many filters. Same formula, bindings, order of sums and bits.
// x           [N, H, W, C / 4]           vec4 of Elem, read
// dy          [N, P, Q, K / 4]           vec4 of Elem, read
// g           the sizes: not constants, so that all shapes share one pipeline
// partial     [splits, K, R*S*C / 4]     vec4f, overwritten; summed by reduce_splits.wgsl
// lib         conv2d_weight_gradient_geometry.wgsl, conv2d_weight_gradient_place.wgsl
// dispatch    [ceil(R*S*C / 64), ceil(K / 32), splits]; of more than a dispatch takes, some
// numerics    f32, one fixed order of sums: two runs on one device agree bit for bit. Loops go round at
//             most 3 times for a pixel, of 65,535 on a CPU: pixels_per_split <= 20,480 (conv2d_weight_gradient.ts)
alias Elem = f32;

@group(0) @binding(0) var<storage, read> x: array<vec4<Elem>>;
@group(0) @binding(1) var<storage, read> dy: array<vec4<Elem>>;
@group(0) @binding(2) var<uniform> g: Geometry;
@group(0) @binding(3) var<storage, read_write> partial: array<vec4f>;

fn store(z: u32, k: u32, column: u32, low: vec4f, high: vec4f) {
  if (k >= g.k) { return; }
  let columns = g.r * g.s * g.c;
  let at = ((z * g.k + k) * columns + column) / 4u;
  if (column < columns) { partial[at] = low; }
  if (column + 32u < columns) { partial[at + 8u] = high; }
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let column = g.column_first + group.x * 64u + lane * 4u; // (r * S + s) * C + c
  let k = g.k_first + group.y * 32u;
  // Each lane reads the gradient of four filters. A lane past the last filter reads the last ones'; its sums are not stored.
  let lane_k = min(k + lane * 4u, g.k - 4u);
  let at0 = place(column);
  let at1 = place(column + 32u);
  var a0 = vec4f(); var b0 = vec4f(); var a1 = vec4f(); var b1 = vec4f(); var a2 = vec4f(); var b2 = vec4f(); var a3 = vec4f(); var b3 = vec4f();
  var a4 = vec4f(); var b4 = vec4f(); var a5 = vec4f(); var b5 = vec4f(); var a6 = vec4f(); var b6 = vec4f(); var a7 = vec4f(); var b7 = vec4f();
  var a8 = vec4f(); var b8 = vec4f(); var a9 = vec4f(); var b9 = vec4f(); var a10 = vec4f(); var b10 = vec4f(); var a11 = vec4f(); var b11 = vec4f();
  var a12 = vec4f(); var b12 = vec4f(); var a13 = vec4f(); var b13 = vec4f(); var a14 = vec4f(); var b14 = vec4f(); var a15 = vec4f(); var b15 = vec4f();
  var a16 = vec4f(); var b16 = vec4f(); var a17 = vec4f(); var b17 = vec4f(); var a18 = vec4f(); var b18 = vec4f(); var a19 = vec4f(); var b19 = vec4f();
  var a20 = vec4f(); var b20 = vec4f(); var a21 = vec4f(); var b21 = vec4f(); var a22 = vec4f(); var b22 = vec4f(); var a23 = vec4f(); var b23 = vec4f();
  var a24 = vec4f(); var b24 = vec4f(); var a25 = vec4f(); var b25 = vec4f(); var a26 = vec4f(); var b26 = vec4f(); var a27 = vec4f(); var b27 = vec4f();
  var a28 = vec4f(); var b28 = vec4f(); var a29 = vec4f(); var b29 = vec4f(); var a30 = vec4f(); var b30 = vec4f(); var a31 = vec4f(); var b31 = vec4f();
  let start = group.z * g.pixels_per_split;
  let last = min(start + g.pixels_per_split, g.n * g.p * g.q);
  let outside = i32(g.w) + i32(g.pad); // past the border, where a row ends
  for (var row = start / g.q; row * g.q < last; row++) {
    let first_q = max(start, row * g.q) - row * g.q;
    let last_q = min(last - row * g.q, g.q);
    let image = (row / g.p) * g.h;
    let top = i32((row % g.p) * g.stride);
    let row0 = input_row(at0, image, top);
    let row1 = input_row(at1, image, top);
    for (var q = first_q; q < last_q; q += 2u) {
      let left0 = i32(q * g.stride);
      let left1 = select(outside, left0 + i32(g.stride), q + 1u < last_q);
      let x0 = load(row0, at0, left0); let x1 = load(row1, at1, left0);
      let x2 = load(row0, at0, left1); let x3 = load(row1, at1, left1);
      let m0 = gradient(q, row, lane_k, last_q);
      let m1 = gradient(q + 1u, row, lane_k, last_q);
      let d0 = subgroupBroadcast(m0, 0u); let e0 = subgroupBroadcast(m1, 0u);
      a0 = fma(vec4f(e0.x), x2, fma(vec4f(d0.x), x0, a0));
      b0 = fma(vec4f(e0.x), x3, fma(vec4f(d0.x), x1, b0));
      a1 = fma(vec4f(e0.y), x2, fma(vec4f(d0.y), x0, a1));
      b1 = fma(vec4f(e0.y), x3, fma(vec4f(d0.y), x1, b1));
      a2 = fma(vec4f(e0.z), x2, fma(vec4f(d0.z), x0, a2));
      b2 = fma(vec4f(e0.z), x3, fma(vec4f(d0.z), x1, b2));
      a3 = fma(vec4f(e0.w), x2, fma(vec4f(d0.w), x0, a3));
      b3 = fma(vec4f(e0.w), x3, fma(vec4f(d0.w), x1, b3));
      let d1 = subgroupBroadcast(m0, 1u); let e1 = subgroupBroadcast(m1, 1u);
      a4 = fma(vec4f(e1.x), x2, fma(vec4f(d1.x), x0, a4));
      b4 = fma(vec4f(e1.x), x3, fma(vec4f(d1.x), x1, b4));
      a5 = fma(vec4f(e1.y), x2, fma(vec4f(d1.y), x0, a5));
      b5 = fma(vec4f(e1.y), x3, fma(vec4f(d1.y), x1, b5));
      a6 = fma(vec4f(e1.z), x2, fma(vec4f(d1.z), x0, a6));
      b6 = fma(vec4f(e1.z), x3, fma(vec4f(d1.z), x1, b6));
      a7 = fma(vec4f(e1.w), x2, fma(vec4f(d1.w), x0, a7));
      b7 = fma(vec4f(e1.w), x3, fma(vec4f(d1.w), x1, b7));
      let d2 = subgroupBroadcast(m0, 2u); let e2 = subgroupBroadcast(m1, 2u);
      a8 = fma(vec4f(e2.x), x2, fma(vec4f(d2.x), x0, a8));
      b8 = fma(vec4f(e2.x), x3, fma(vec4f(d2.x), x1, b8));
      a9 = fma(vec4f(e2.y), x2, fma(vec4f(d2.y), x0, a9));
      b9 = fma(vec4f(e2.y), x3, fma(vec4f(d2.y), x1, b9));
      a10 = fma(vec4f(e2.z), x2, fma(vec4f(d2.z), x0, a10));
      b10 = fma(vec4f(e2.z), x3, fma(vec4f(d2.z), x1, b10));
      a11 = fma(vec4f(e2.w), x2, fma(vec4f(d2.w), x0, a11));
      b11 = fma(vec4f(e2.w), x3, fma(vec4f(d2.w), x1, b11));
      let d3 = subgroupBroadcast(m0, 3u); let e3 = subgroupBroadcast(m1, 3u);
      a12 = fma(vec4f(e3.x), x2, fma(vec4f(d3.x), x0, a12));
      b12 = fma(vec4f(e3.x), x3, fma(vec4f(d3.x), x1, b12));
      a13 = fma(vec4f(e3.y), x2, fma(vec4f(d3.y), x0, a13));
      b13 = fma(vec4f(e3.y), x3, fma(vec4f(d3.y), x1, b13));
      a14 = fma(vec4f(e3.z), x2, fma(vec4f(d3.z), x0, a14));
      b14 = fma(vec4f(e3.z), x3, fma(vec4f(d3.z), x1, b14));
      a15 = fma(vec4f(e3.w), x2, fma(vec4f(d3.w), x0, a15));
      b15 = fma(vec4f(e3.w), x3, fma(vec4f(d3.w), x1, b15));
      let d4 = subgroupBroadcast(m0, 4u); let e4 = subgroupBroadcast(m1, 4u);
      a16 = fma(vec4f(e4.x), x2, fma(vec4f(d4.x), x0, a16));
      b16 = fma(vec4f(e4.x), x3, fma(vec4f(d4.x), x1, b16));
      a17 = fma(vec4f(e4.y), x2, fma(vec4f(d4.y), x0, a17));
      b17 = fma(vec4f(e4.y), x3, fma(vec4f(d4.y), x1, b17));
      a18 = fma(vec4f(e4.z), x2, fma(vec4f(d4.z), x0, a18));
      b18 = fma(vec4f(e4.z), x3, fma(vec4f(d4.z), x1, b18));
      a19 = fma(vec4f(e4.w), x2, fma(vec4f(d4.w), x0, a19));
      b19 = fma(vec4f(e4.w), x3, fma(vec4f(d4.w), x1, b19));
      let d5 = subgroupBroadcast(m0, 5u); let e5 = subgroupBroadcast(m1, 5u);
      a20 = fma(vec4f(e5.x), x2, fma(vec4f(d5.x), x0, a20));
      b20 = fma(vec4f(e5.x), x3, fma(vec4f(d5.x), x1, b20));
      a21 = fma(vec4f(e5.y), x2, fma(vec4f(d5.y), x0, a21));
      b21 = fma(vec4f(e5.y), x3, fma(vec4f(d5.y), x1, b21));
      a22 = fma(vec4f(e5.z), x2, fma(vec4f(d5.z), x0, a22));
      b22 = fma(vec4f(e5.z), x3, fma(vec4f(d5.z), x1, b22));
      a23 = fma(vec4f(e5.w), x2, fma(vec4f(d5.w), x0, a23));
      b23 = fma(vec4f(e5.w), x3, fma(vec4f(d5.w), x1, b23));
      let d6 = subgroupBroadcast(m0, 6u); let e6 = subgroupBroadcast(m1, 6u);
      a24 = fma(vec4f(e6.x), x2, fma(vec4f(d6.x), x0, a24));
      b24 = fma(vec4f(e6.x), x3, fma(vec4f(d6.x), x1, b24));
      a25 = fma(vec4f(e6.y), x2, fma(vec4f(d6.y), x0, a25));
      b25 = fma(vec4f(e6.y), x3, fma(vec4f(d6.y), x1, b25));
      a26 = fma(vec4f(e6.z), x2, fma(vec4f(d6.z), x0, a26));
      b26 = fma(vec4f(e6.z), x3, fma(vec4f(d6.z), x1, b26));
      a27 = fma(vec4f(e6.w), x2, fma(vec4f(d6.w), x0, a27));
      b27 = fma(vec4f(e6.w), x3, fma(vec4f(d6.w), x1, b27));
      let d7 = subgroupBroadcast(m0, 7u); let e7 = subgroupBroadcast(m1, 7u);
      a28 = fma(vec4f(e7.x), x2, fma(vec4f(d7.x), x0, a28));
      b28 = fma(vec4f(e7.x), x3, fma(vec4f(d7.x), x1, b28));
      a29 = fma(vec4f(e7.y), x2, fma(vec4f(d7.y), x0, a29));
      b29 = fma(vec4f(e7.y), x3, fma(vec4f(d7.y), x1, b29));
      a30 = fma(vec4f(e7.z), x2, fma(vec4f(d7.z), x0, a30));
      b30 = fma(vec4f(e7.z), x3, fma(vec4f(d7.z), x1, b30));
      a31 = fma(vec4f(e7.w), x2, fma(vec4f(d7.w), x0, a31));
      b31 = fma(vec4f(e7.w), x3, fma(vec4f(d7.w), x1, b31));
    }
  }
  store(group.z, k, column, a0, b0); store(group.z, k + 1u, column, a1, b1);
  store(group.z, k + 2u, column, a2, b2); store(group.z, k + 3u, column, a3, b3);
  store(group.z, k + 4u, column, a4, b4); store(group.z, k + 5u, column, a5, b5);
  store(group.z, k + 6u, column, a6, b6); store(group.z, k + 7u, column, a7, b7);
  store(group.z, k + 8u, column, a8, b8); store(group.z, k + 9u, column, a9, b9);
  store(group.z, k + 10u, column, a10, b10); store(group.z, k + 11u, column, a11, b11);
  store(group.z, k + 12u, column, a12, b12); store(group.z, k + 13u, column, a13, b13);
  store(group.z, k + 14u, column, a14, b14); store(group.z, k + 15u, column, a15, b15);
  store(group.z, k + 16u, column, a16, b16); store(group.z, k + 17u, column, a17, b17);
  store(group.z, k + 18u, column, a18, b18); store(group.z, k + 19u, column, a19, b19);
  store(group.z, k + 20u, column, a20, b20); store(group.z, k + 21u, column, a21, b21);
  store(group.z, k + 22u, column, a22, b22); store(group.z, k + 23u, column, a23, b23);
  store(group.z, k + 24u, column, a24, b24); store(group.z, k + 25u, column, a25, b25);
  store(group.z, k + 26u, column, a26, b26); store(group.z, k + 27u, column, a27, b27);
  store(group.z, k + 28u, column, a28, b28); store(group.z, k + 29u, column, a29, b29);
  store(group.z, k + 30u, column, a30, b30); store(group.z, k + 31u, column, a31, b31);
}
