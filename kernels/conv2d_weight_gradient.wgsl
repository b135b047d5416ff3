// conv2d_weight_gradient: partial sums of a convolution's weight gradient, split over output rows.
//   partial[z, k, (r, s), c] = sum over output rows (n, p) of split z, and over q, of
//     dy[n, p, q, k] * x[n, p*STRIDE + r - PAD, q*STRIDE + s - PAD, c]
// x           [N, H, W, C]            f32, read
// dy          [N, P, Q, K]            f32, read
// partial     [SPLITS, K, R*S*C]      f32, overwritten; summed by reduce_splits.wgsl
// dispatch    [ceil(R*S*C / (8 * WORKGROUP_SIZE)), ceil(K / 16), SPLITS]
// numerics    f32, one fixed order of sums: two runs on one device agree bit for bit
// An invocation makes 16 filters of 8 consecutive (r, s, c): 24 loads for 128 products; dy's index is the same over a
// workgroup, which a CPU driver turns into scalar loads.
override N: u32;
override H: u32;
override W: u32;
override C: u32;
override P: u32;
override Q: u32;
override K: u32;
override R: u32;
override S: u32;
override STRIDE: u32;
override PAD: u32;
override ROWS_PER_SPLIT: u32;
override WORKGROUP_SIZE: u32 = 8;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> partial: array<f32>;

fn load4(at: u32, k: u32) -> vec4f {
  if (k + 3u < K) { return vec4f(dy[at], dy[at + 1u], dy[at + 2u], dy[at + 3u]); }
  var v = vec4f();
  if (k < K) { v.x = dy[at]; }
  if (k + 1u < K) { v.y = dy[at + 1u]; }
  if (k + 2u < K) { v.z = dy[at + 2u]; }
  return v;
}
fn store4(at: u32, k: u32, v: vec4f) {
  let step = R * S * C;
  if (k < K) { partial[at] = v.x; }
  if (k + 1u < K) { partial[at + step] = v.y; }
  if (k + 2u < K) { partial[at + 2u * step] = v.z; }
  if (k + 3u < K) { partial[at + 3u * step] = v.w; }
}
fn store_column(column: u32, k: u32, z: u32, v0: vec4f, v1: vec4f, v2: vec4f, v3: vec4f) {
  let step = R * S * C;
  if (column >= step) { return; }
  let at = (z * K + k) * step + column;
  store4(at, k, v0); store4(at + 4u * step, k + 4u, v1); store4(at + 8u * step, k + 8u, v2);
  store4(at + 12u * step, k + 12u, v3);
}
// A column's place in a filter: its row r and column s less PAD, and its channel.
fn place(column: u32) -> vec3i {
  let bounded = min(column, R * S * C - 1u);
  return vec3i(i32(bounded / (C * S)) - i32(PAD), i32((bounded / C) % S) - i32(PAD), i32(bounded % C));
}
fn load_x(image: u32, at: vec3i, top: i32, left: i32) -> f32 {
  let h = top + at.x;
  let w = left + at.y;
  let inside = h >= 0 && h < i32(H) && w >= 0 && w < i32(W);
  let index = ((image + u32(h)) * W + u32(w)) * C + u32(at.z);
  return select(0.0, x[select(0u, index, inside)], inside);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let column = (group.x * WORKGROUP_SIZE + lane) * 8u; // (r * S + s) * C + c
  let k = group.y * 16u;
  let at0 = place(column + 0u);
  let at1 = place(column + 1u);
  let at2 = place(column + 2u);
  let at3 = place(column + 3u);
  let at4 = place(column + 4u);
  let at5 = place(column + 5u);
  let at6 = place(column + 6u);
  let at7 = place(column + 7u);
  var a00 = vec4f(); var a01 = vec4f(); var a02 = vec4f(); var a03 = vec4f();
  var a10 = vec4f(); var a11 = vec4f(); var a12 = vec4f(); var a13 = vec4f();
  var a20 = vec4f(); var a21 = vec4f(); var a22 = vec4f(); var a23 = vec4f();
  var a30 = vec4f(); var a31 = vec4f(); var a32 = vec4f(); var a33 = vec4f();
  var a40 = vec4f(); var a41 = vec4f(); var a42 = vec4f(); var a43 = vec4f();
  var a50 = vec4f(); var a51 = vec4f(); var a52 = vec4f(); var a53 = vec4f();
  var a60 = vec4f(); var a61 = vec4f(); var a62 = vec4f(); var a63 = vec4f();
  var a70 = vec4f(); var a71 = vec4f(); var a72 = vec4f(); var a73 = vec4f();
  let last = min((group.z + 1u) * ROWS_PER_SPLIT, N * P);
  for (var row = group.z * ROWS_PER_SPLIT; row < last; row++) {
    let image = (row / P) * H;
    let top = i32((row % P) * STRIDE);
    for (var q = 0u; q < Q; q++) {
      let left = i32(q * STRIDE);
      let at = (row * Q + q) * K + k;
      let d0 = load4(at, k); let d1 = load4(at + 4u, k + 4u);
      let d2 = load4(at + 8u, k + 8u); let d3 = load4(at + 12u, k + 12u);
      let x0 = vec4f(load_x(image, at0, top, left));
      a00 = fma(x0, d0, a00); a01 = fma(x0, d1, a01); a02 = fma(x0, d2, a02); a03 = fma(x0, d3, a03);
      let x1 = vec4f(load_x(image, at1, top, left));
      a10 = fma(x1, d0, a10); a11 = fma(x1, d1, a11); a12 = fma(x1, d2, a12); a13 = fma(x1, d3, a13);
      let x2 = vec4f(load_x(image, at2, top, left));
      a20 = fma(x2, d0, a20); a21 = fma(x2, d1, a21); a22 = fma(x2, d2, a22); a23 = fma(x2, d3, a23);
      let x3 = vec4f(load_x(image, at3, top, left));
      a30 = fma(x3, d0, a30); a31 = fma(x3, d1, a31); a32 = fma(x3, d2, a32); a33 = fma(x3, d3, a33);
      let x4 = vec4f(load_x(image, at4, top, left));
      a40 = fma(x4, d0, a40); a41 = fma(x4, d1, a41); a42 = fma(x4, d2, a42); a43 = fma(x4, d3, a43);
      let x5 = vec4f(load_x(image, at5, top, left));
      a50 = fma(x5, d0, a50); a51 = fma(x5, d1, a51); a52 = fma(x5, d2, a52); a53 = fma(x5, d3, a53);
      let x6 = vec4f(load_x(image, at6, top, left));
      a60 = fma(x6, d0, a60); a61 = fma(x6, d1, a61); a62 = fma(x6, d2, a62); a63 = fma(x6, d3, a63);
      let x7 = vec4f(load_x(image, at7, top, left));
      a70 = fma(x7, d0, a70); a71 = fma(x7, d1, a71); a72 = fma(x7, d2, a72); a73 = fma(x7, d3, a73);
    }
  }
  store_column(column + 0u, k, group.z, a00, a01, a02, a03);
  store_column(column + 1u, k, group.z, a10, a11, a12, a13);
  store_column(column + 2u, k, group.z, a20, a21, a22, a23);
  store_column(column + 3u, k, group.z, a30, a31, a32, a33);
  store_column(column + 4u, k, group.z, a40, a41, a42, a43);
  store_column(column + 5u, k, group.z, a50, a51, a52, a53);
  store_column(column + 6u, k, group.z, a60, a61, a62, a63);
  store_column(column + 7u, k, group.z, a70, a71, a72, a73);
}
