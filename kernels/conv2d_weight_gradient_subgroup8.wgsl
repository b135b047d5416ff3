// conv2d_weight_gradient_subgroup8: conv2d_weight_gradient_tiled.wgsl's partial sums where a subgroup is 8 lanes wide, as on a
// CPU driver. Same formula, same order of sums, and so the same bits.
// x           [N, H, W, C / 4]           vec4 of Elem, read
// dy          [N, P, Q, K / 4]           vec4 of Elem, read
// g           the sizes: not constants, so that all shapes share one pipeline
// partial     [splits, K, R*S*C / 4]     vec4f, overwritten; summed by reduce_splits.wgsl
// lib         conv2d_weight_gradient_geometry.wgsl, conv2d_weight_gradient_place.wgsl
// dispatch    [ceil(R*S*C / 32), ceil(K / 16), splits]; of more than a dispatch takes, some
// numerics    f32, one fixed order of sums: two runs on one device agree bit for bit. Loops go round at
//             most 3 times for a pixel, of 65,535 on a CPU: pixels_per_split <= 20,480 (conv2d_weight_gradient.ts)
// An invocation makes 16 filters of 4 columns (r, s, c) and takes four pixels at a time. Such a driver loads lane by lane, at
// many times the cost of a product, but a vector of four hardly dearer than one element; so the filters' dy are loaded a
// vector a lane and handed round: 6 loads for 256 products.
alias Elem = f32;

@group(0) @binding(0) var<storage, read> x: array<vec4<Elem>>;
@group(0) @binding(1) var<storage, read> dy: array<vec4<Elem>>;
@group(0) @binding(2) var<uniform> g: Geometry;
@group(0) @binding(3) var<storage, read_write> partial: array<vec4f>;

fn store(z: u32, k: u32, column: u32, v: vec4f) {
  let columns = g.r * g.s * g.c;
  if (k < g.k && column < columns) { partial[((z * g.k + k) * columns + column) / 4u] = v; }
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let column = g.column_first + group.x * 32u + lane * 4u; // (r * S + s) * C + c
  let k = g.k_first + group.y * 16u;
  // Lanes 0 … 3 read the gradient of one pixel's filters, lanes 4 … 7 of the next one's. A lane past the last filter reads
  // the last ones'; its sums are not stored.
  let lane_k = min(k + lane % 4u * 4u, g.k - 4u);
  let at = place(column);
  var a0 = vec4f(); var a1 = vec4f(); var a2 = vec4f(); var a3 = vec4f(); var a4 = vec4f(); var a5 = vec4f();
  var a6 = vec4f(); var a7 = vec4f(); var a8 = vec4f(); var a9 = vec4f(); var a10 = vec4f(); var a11 = vec4f();
  var a12 = vec4f(); var a13 = vec4f(); var a14 = vec4f(); var a15 = vec4f();
  let start = group.z * g.pixels_per_split;
  let last = min(start + g.pixels_per_split, g.n * g.p * g.q);
  let outside = i32(g.w) + i32(g.pad); // past the border, where a row ends
  for (var row = start / g.q; row * g.q < last; row++) {
    let first_q = max(start, row * g.q) - row * g.q;
    let last_q = min(last - row * g.q, g.q);
    let image = (row / g.p) * g.h;
    let top = i32((row % g.p) * g.stride);
    let row0 = input_row(at, image, top);
    for (var q = first_q; q < last_q; q += 4u) {
      let left0 = i32(q * g.stride);
      let left1 = select(outside, left0 + i32(g.stride), q + 1u < last_q);
      let left2 = select(outside, left0 + 2 * i32(g.stride), q + 2u < last_q);
      let left3 = select(outside, left0 + 3 * i32(g.stride), q + 3u < last_q);
      let x0 = load(row0, at, left0); let x1 = load(row0, at, left1);
      let x2 = load(row0, at, left2); let x3 = load(row0, at, left3);
      let m0 = gradient(q + lane / 4u, row, lane_k, last_q);
      let m1 = gradient(q + 2u + lane / 4u, row, lane_k, last_q);
      let d0 = subgroupBroadcast(m0, 0u); let e0 = subgroupBroadcast(m0, 4u);
      let f0 = subgroupBroadcast(m1, 0u); let h0 = subgroupBroadcast(m1, 4u);
      a0 = fma(vec4f(h0.x), x3, fma(vec4f(f0.x), x2, fma(vec4f(e0.x), x1, fma(vec4f(d0.x), x0, a0))));
      a1 = fma(vec4f(h0.y), x3, fma(vec4f(f0.y), x2, fma(vec4f(e0.y), x1, fma(vec4f(d0.y), x0, a1))));
      a2 = fma(vec4f(h0.z), x3, fma(vec4f(f0.z), x2, fma(vec4f(e0.z), x1, fma(vec4f(d0.z), x0, a2))));
      a3 = fma(vec4f(h0.w), x3, fma(vec4f(f0.w), x2, fma(vec4f(e0.w), x1, fma(vec4f(d0.w), x0, a3))));
      let d1 = subgroupBroadcast(m0, 1u); let e1 = subgroupBroadcast(m0, 5u);
      let f1 = subgroupBroadcast(m1, 1u); let h1 = subgroupBroadcast(m1, 5u);
      a4 = fma(vec4f(h1.x), x3, fma(vec4f(f1.x), x2, fma(vec4f(e1.x), x1, fma(vec4f(d1.x), x0, a4))));
      a5 = fma(vec4f(h1.y), x3, fma(vec4f(f1.y), x2, fma(vec4f(e1.y), x1, fma(vec4f(d1.y), x0, a5))));
      a6 = fma(vec4f(h1.z), x3, fma(vec4f(f1.z), x2, fma(vec4f(e1.z), x1, fma(vec4f(d1.z), x0, a6))));
      a7 = fma(vec4f(h1.w), x3, fma(vec4f(f1.w), x2, fma(vec4f(e1.w), x1, fma(vec4f(d1.w), x0, a7))));
      let d2 = subgroupBroadcast(m0, 2u); let e2 = subgroupBroadcast(m0, 6u);
      let f2 = subgroupBroadcast(m1, 2u); let h2 = subgroupBroadcast(m1, 6u);
      a8 = fma(vec4f(h2.x), x3, fma(vec4f(f2.x), x2, fma(vec4f(e2.x), x1, fma(vec4f(d2.x), x0, a8))));
      a9 = fma(vec4f(h2.y), x3, fma(vec4f(f2.y), x2, fma(vec4f(e2.y), x1, fma(vec4f(d2.y), x0, a9))));
      a10 = fma(vec4f(h2.z), x3, fma(vec4f(f2.z), x2, fma(vec4f(e2.z), x1, fma(vec4f(d2.z), x0, a10))));
      a11 = fma(vec4f(h2.w), x3, fma(vec4f(f2.w), x2, fma(vec4f(e2.w), x1, fma(vec4f(d2.w), x0, a11))));
      let d3 = subgroupBroadcast(m0, 3u); let e3 = subgroupBroadcast(m0, 7u);
      let f3 = subgroupBroadcast(m1, 3u); let h3 = subgroupBroadcast(m1, 7u);
      a12 = fma(vec4f(h3.x), x3, fma(vec4f(f3.x), x2, fma(vec4f(e3.x), x1, fma(vec4f(d3.x), x0, a12))));
      a13 = fma(vec4f(h3.y), x3, fma(vec4f(f3.y), x2, fma(vec4f(e3.y), x1, fma(vec4f(d3.y), x0, a13))));
      a14 = fma(vec4f(h3.z), x3, fma(vec4f(f3.z), x2, fma(vec4f(e3.z), x1, fma(vec4f(d3.z), x0, a14))));
      a15 = fma(vec4f(h3.w), x3, fma(vec4f(f3.w), x2, fma(vec4f(e3.w), x1, fma(vec4f(d3.w), x0, a15))));
    }
  }
  store(group.z, k, column, a0); store(group.z, k + 1u, column, a1);
  store(group.z, k + 2u, column, a2); store(group.z, k + 3u, column, a3);
  store(group.z, k + 4u, column, a4); store(group.z, k + 5u, column, a5);
  store(group.z, k + 6u, column, a6); store(group.z, k + 7u, column, a7);
  store(group.z, k + 8u, column, a8); store(group.z, k + 9u, column, a9);
  store(group.z, k + 10u, column, a10); store(group.z, k + 11u, column, a11);
  store(group.z, k + 12u, column, a12); store(group.z, k + 13u, column, a13);
  store(group.z, k + 14u, column, a14); store(group.z, k + 15u, column, a15);
}
