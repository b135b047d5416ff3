// conv2d_weight_gradient_subgroup8: conv2d_weight_gradient_tiled.wgsl's partial sums where a subgroup is 8 lanes wide, as on a
// CPU driver. Same formula, same order of sums, and so the same bits.
// x           [N, H, W, C / 4]           vec4 of Elem, read
// dy          [N, P, Q, K / 4]           vec4 of Elem, read
// g           the sizes, in conv2d_weight_gradient_tiled.wgsl's words. Not constants, so that all shapes share one pipeline
// partial     [splits, K, R*S*C / 4]     vec4f, overwritten; summed by reduce_splits.wgsl
// dispatch    [ceil(R*S*C / 64), ceil(K / 16), splits]; of more than a dispatch takes, some
// numerics    f32, one fixed order of sums: two runs on one device agree bit for bit
// An invocation makes 16 filters of 8 columns (r, s, c), two vectors of four that lie 32 columns apart, and takes two pixels at
// a time. Such a driver loads lane by lane, at several times the cost of a product, but a vector of four hardly dearer
// than one element; so the filters' dy are loaded a vector a lane and handed round: 5 loads for 256 products.
alias Elem = f32;
struct Geometry {
  n: u32, h: u32, w: u32, c: u32, p: u32, q: u32, k: u32, r: u32, s: u32, stride: u32, pad: u32, pixels_per_split: u32,
  k_first: u32, column_first: u32, // of this dispatch's filters and columns
}

@group(0) @binding(0) var<storage, read> x: array<vec4<Elem>>;
@group(0) @binding(1) var<storage, read> dy: array<vec4<Elem>>;
@group(0) @binding(2) var<uniform> g: Geometry;
@group(0) @binding(3) var<storage, read_write> partial: array<vec4f>;

// A column's place in a filter: its row r and column s less the padding, and its channel.
struct Place { r: i32, s: i32, c: u32 }
fn place(column: u32) -> Place {
  let bounded = min(column, g.r * g.s * g.c - 4u);
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
  return select(vec4f(), vec4f(x[select(0u, (row + w * g.c) / 4u, inside)]), inside);
}
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
  let k = g.k_first + group.y * 16u;
  // Lanes 0 … 3 read the gradient of one pixel's filters, lanes 4 … 7 of the next one's. A lane past the last filter reads
  // the last ones'; its sums are not stored.
  let lane_k = min(k + lane % 4u * 4u, g.k - 4u);
  let at0 = place(column);
  let at1 = place(column + 32u);
  var a0 = vec4f(); var b0 = vec4f(); var a1 = vec4f(); var b1 = vec4f(); var a2 = vec4f(); var b2 = vec4f(); var a3 = vec4f(); var b3 = vec4f();
  var a4 = vec4f(); var b4 = vec4f(); var a5 = vec4f(); var b5 = vec4f(); var a6 = vec4f(); var b6 = vec4f(); var a7 = vec4f(); var b7 = vec4f();
  var a8 = vec4f(); var b8 = vec4f(); var a9 = vec4f(); var b9 = vec4f(); var a10 = vec4f(); var b10 = vec4f(); var a11 = vec4f(); var b11 = vec4f();
  var a12 = vec4f(); var b12 = vec4f(); var a13 = vec4f(); var b13 = vec4f(); var a14 = vec4f(); var b14 = vec4f(); var a15 = vec4f(); var b15 = vec4f();
  let start = group.z * g.pixels_per_split;
  let last = min(start + g.pixels_per_split, g.n * g.p * g.q);
  for (var row = start / g.q; row * g.q < last; row++) {
    let first_q = max(start, row * g.q) - row * g.q;
    let last_q = min(last - row * g.q, g.q);
    let image = (row / g.p) * g.h;
    let top = i32((row % g.p) * g.stride);
    let row0 = input_row(at0, image, top);
    let row1 = input_row(at1, image, top);
    for (var q = first_q; q < last_q; q += 2u) {
      let left = i32(q * g.stride);
      let right = select(i32(g.w) + i32(g.pad), left + i32(g.stride), q + 1u < last_q); // past the border at the end
      let mine = q + lane / 4u;
      let d = select(vec4f(), vec4f(dy[((row * g.q + min(mine, g.q - 1u)) * g.k + lane_k) / 4u]), mine < last_q);
      let x0 = load(row0, at0, left); let x1 = load(row1, at1, left);
      let x2 = load(row0, at0, right); let x3 = load(row1, at1, right);
      let d0 = subgroupBroadcast(d, 0u); let e0 = subgroupBroadcast(d, 4u);
      a0 = fma(vec4f(e0.x), x2, fma(vec4f(d0.x), x0, a0));
      b0 = fma(vec4f(e0.x), x3, fma(vec4f(d0.x), x1, b0));
      a1 = fma(vec4f(e0.y), x2, fma(vec4f(d0.y), x0, a1));
      b1 = fma(vec4f(e0.y), x3, fma(vec4f(d0.y), x1, b1));
      a2 = fma(vec4f(e0.z), x2, fma(vec4f(d0.z), x0, a2));
      b2 = fma(vec4f(e0.z), x3, fma(vec4f(d0.z), x1, b2));
      a3 = fma(vec4f(e0.w), x2, fma(vec4f(d0.w), x0, a3));
      b3 = fma(vec4f(e0.w), x3, fma(vec4f(d0.w), x1, b3));
      let d1 = subgroupBroadcast(d, 1u); let e1 = subgroupBroadcast(d, 5u);
      a4 = fma(vec4f(e1.x), x2, fma(vec4f(d1.x), x0, a4));
      b4 = fma(vec4f(e1.x), x3, fma(vec4f(d1.x), x1, b4));
      a5 = fma(vec4f(e1.y), x2, fma(vec4f(d1.y), x0, a5));
      b5 = fma(vec4f(e1.y), x3, fma(vec4f(d1.y), x1, b5));
      a6 = fma(vec4f(e1.z), x2, fma(vec4f(d1.z), x0, a6));
      b6 = fma(vec4f(e1.z), x3, fma(vec4f(d1.z), x1, b6));
      a7 = fma(vec4f(e1.w), x2, fma(vec4f(d1.w), x0, a7));
      b7 = fma(vec4f(e1.w), x3, fma(vec4f(d1.w), x1, b7));
      let d2 = subgroupBroadcast(d, 2u); let e2 = subgroupBroadcast(d, 6u);
      a8 = fma(vec4f(e2.x), x2, fma(vec4f(d2.x), x0, a8));
      b8 = fma(vec4f(e2.x), x3, fma(vec4f(d2.x), x1, b8));
      a9 = fma(vec4f(e2.y), x2, fma(vec4f(d2.y), x0, a9));
      b9 = fma(vec4f(e2.y), x3, fma(vec4f(d2.y), x1, b9));
      a10 = fma(vec4f(e2.z), x2, fma(vec4f(d2.z), x0, a10));
      b10 = fma(vec4f(e2.z), x3, fma(vec4f(d2.z), x1, b10));
      a11 = fma(vec4f(e2.w), x2, fma(vec4f(d2.w), x0, a11));
      b11 = fma(vec4f(e2.w), x3, fma(vec4f(d2.w), x1, b11));
      let d3 = subgroupBroadcast(d, 3u); let e3 = subgroupBroadcast(d, 7u);
      a12 = fma(vec4f(e3.x), x2, fma(vec4f(d3.x), x0, a12));
      b12 = fma(vec4f(e3.x), x3, fma(vec4f(d3.x), x1, b12));
      a13 = fma(vec4f(e3.y), x2, fma(vec4f(d3.y), x0, a13));
      b13 = fma(vec4f(e3.y), x3, fma(vec4f(d3.y), x1, b13));
      a14 = fma(vec4f(e3.z), x2, fma(vec4f(d3.z), x0, a14));
      b14 = fma(vec4f(e3.z), x3, fma(vec4f(d3.z), x1, b14));
      a15 = fma(vec4f(e3.w), x2, fma(vec4f(d3.w), x0, a15));
      b15 = fma(vec4f(e3.w), x3, fma(vec4f(d3.w), x1, b15));
    }
  }
  store(group.z, k, column, a0, b0);
  store(group.z, k + 1u, column, a1, b1);
  store(group.z, k + 2u, column, a2, b2);
  store(group.z, k + 3u, column, a3, b3);
  store(group.z, k + 4u, column, a4, b4);
  store(group.z, k + 5u, column, a5, b5);
  store(group.z, k + 6u, column, a6, b6);
  store(group.z, k + 7u, column, a7, b7);
  store(group.z, k + 8u, column, a8, b8);
  store(group.z, k + 9u, column, a9, b9);
  store(group.z, k + 10u, column, a10, b10);
  store(group.z, k + 11u, column, a11, b11);
  store(group.z, k + 12u, column, a12, b12);
  store(group.z, k + 13u, column, a13, b13);
  store(group.z, k + 14u, column, a14, b14);
  store(group.z, k + 15u, column, a15, b15);
}
