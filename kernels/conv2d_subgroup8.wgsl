// conv2d_subgroup8: conv2d_tiled.wgsl's sums where a subgroup is 8 lanes wide, as on a CPU driver. Same formula, same packed
// weights, same order of sums, and so the same bits.
// x           [N, X_H, X_W, C / 4]            vec4 of Elem, read
// w           [panels, taps_r, taps_s, C, 4]  vec4 of Elem, read; packed by pack_weight.wgsl: a panel is 16 channels
// g           the sizes: not constants, so that all shapes share one pipeline, over which a CPU driver takes half a second to
//             two
// y           [N, Y_H, Y_W, K / 4]            vec4 of Elem; the addressed pixels are overwritten
// lib         conv2d_geometry.wgsl, conv2d_pixel.wgsl
// dispatch    [ceil(N * i_count * j_count / 64) folded into x and y, panels]; of more panels than a dispatch takes, some
// numerics    f32, one fixed order of sums: two runs on one device agree bit for bit. Loops go round
//             taps_r * (3 + taps_s * (2 + C / 4)) times, of 65,535 on a CPU: taps_r * taps_s * C <= 40,960 (conv2d_sizes.ts)
// An invocation makes 8 pixels, each 8 after the last, of 16 channels. Such a driver loads lane by lane, at several times
// the cost of a product, but a vector of four hardly dearer than one element; so the weights of four c are loaded a
// vector a lane and handed round: 10 loads for 512 products.
alias Elem = f32;

@group(0) @binding(0) var<storage, read> x: array<vec4<Elem>>;
@group(0) @binding(1) var<storage, read> w: array<vec4<Elem>>;
@group(0) @binding(2) var<uniform> g: Geometry;
@group(0) @binding(3) var<storage, read_write> y: array<vec4<Elem>>;

fn store(index: u32, p: Pixel, k: u32, v0: vec4f, v1: vec4f, v2: vec4f, v3: vec4f) {
  if (index >= g.n * g.i_count * g.j_count) { return; }
  store4(p.at, k, v0); store4(p.at, k + 4u, v1); store4(p.at, k + 8u, v2); store4(p.at, k + 12u, v3);
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let first = (group.y * groups.x + group.x) * 64u + lane;
  let k = g.k_first + group.z * 16u;
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
      var at = ((k / 16u * g.taps_r + a) * g.taps_s + b) * g.c * 4u + lane;
      for (var c4 = 0u; c4 < g.c / 4u; c4++) {
        // Lane l holds channels 4 * (l % 4) … of c = l / 4, and of c = l / 4 + 2.
        let l0 = vec4f(w[at]); let l1 = vec4f(w[at + 8u]);
        at += 16u;
        let x0 = load(t0, c4); let x1 = load(t1, c4); let x2 = load(t2, c4); let x3 = load(t3, c4);
        let x4 = load(t4, c4); let x5 = load(t5, c4); let x6 = load(t6, c4); let x7 = load(t7, c4);
        let w00 = subgroupBroadcast(l0, 0u); let w01 = subgroupBroadcast(l0, 4u);
        let w02 = subgroupBroadcast(l1, 0u); let w03 = subgroupBroadcast(l1, 4u);
        a00 = fma(vec4f(x0.w), w03, fma(vec4f(x0.z), w02, fma(vec4f(x0.y), w01, fma(vec4f(x0.x), w00, a00))));
        a10 = fma(vec4f(x1.w), w03, fma(vec4f(x1.z), w02, fma(vec4f(x1.y), w01, fma(vec4f(x1.x), w00, a10))));
        a20 = fma(vec4f(x2.w), w03, fma(vec4f(x2.z), w02, fma(vec4f(x2.y), w01, fma(vec4f(x2.x), w00, a20))));
        a30 = fma(vec4f(x3.w), w03, fma(vec4f(x3.z), w02, fma(vec4f(x3.y), w01, fma(vec4f(x3.x), w00, a30))));
        a40 = fma(vec4f(x4.w), w03, fma(vec4f(x4.z), w02, fma(vec4f(x4.y), w01, fma(vec4f(x4.x), w00, a40))));
        a50 = fma(vec4f(x5.w), w03, fma(vec4f(x5.z), w02, fma(vec4f(x5.y), w01, fma(vec4f(x5.x), w00, a50))));
        a60 = fma(vec4f(x6.w), w03, fma(vec4f(x6.z), w02, fma(vec4f(x6.y), w01, fma(vec4f(x6.x), w00, a60))));
        a70 = fma(vec4f(x7.w), w03, fma(vec4f(x7.z), w02, fma(vec4f(x7.y), w01, fma(vec4f(x7.x), w00, a70))));
        let w10 = subgroupBroadcast(l0, 1u); let w11 = subgroupBroadcast(l0, 5u);
        let w12 = subgroupBroadcast(l1, 1u); let w13 = subgroupBroadcast(l1, 5u);
        a01 = fma(vec4f(x0.w), w13, fma(vec4f(x0.z), w12, fma(vec4f(x0.y), w11, fma(vec4f(x0.x), w10, a01))));
        a11 = fma(vec4f(x1.w), w13, fma(vec4f(x1.z), w12, fma(vec4f(x1.y), w11, fma(vec4f(x1.x), w10, a11))));
        a21 = fma(vec4f(x2.w), w13, fma(vec4f(x2.z), w12, fma(vec4f(x2.y), w11, fma(vec4f(x2.x), w10, a21))));
        a31 = fma(vec4f(x3.w), w13, fma(vec4f(x3.z), w12, fma(vec4f(x3.y), w11, fma(vec4f(x3.x), w10, a31))));
        a41 = fma(vec4f(x4.w), w13, fma(vec4f(x4.z), w12, fma(vec4f(x4.y), w11, fma(vec4f(x4.x), w10, a41))));
        a51 = fma(vec4f(x5.w), w13, fma(vec4f(x5.z), w12, fma(vec4f(x5.y), w11, fma(vec4f(x5.x), w10, a51))));
        a61 = fma(vec4f(x6.w), w13, fma(vec4f(x6.z), w12, fma(vec4f(x6.y), w11, fma(vec4f(x6.x), w10, a61))));
        a71 = fma(vec4f(x7.w), w13, fma(vec4f(x7.z), w12, fma(vec4f(x7.y), w11, fma(vec4f(x7.x), w10, a71))));
        let w20 = subgroupBroadcast(l0, 2u); let w21 = subgroupBroadcast(l0, 6u);
        let w22 = subgroupBroadcast(l1, 2u); let w23 = subgroupBroadcast(l1, 6u);
        a02 = fma(vec4f(x0.w), w23, fma(vec4f(x0.z), w22, fma(vec4f(x0.y), w21, fma(vec4f(x0.x), w20, a02))));
        a12 = fma(vec4f(x1.w), w23, fma(vec4f(x1.z), w22, fma(vec4f(x1.y), w21, fma(vec4f(x1.x), w20, a12))));
        a22 = fma(vec4f(x2.w), w23, fma(vec4f(x2.z), w22, fma(vec4f(x2.y), w21, fma(vec4f(x2.x), w20, a22))));
        a32 = fma(vec4f(x3.w), w23, fma(vec4f(x3.z), w22, fma(vec4f(x3.y), w21, fma(vec4f(x3.x), w20, a32))));
        a42 = fma(vec4f(x4.w), w23, fma(vec4f(x4.z), w22, fma(vec4f(x4.y), w21, fma(vec4f(x4.x), w20, a42))));
        a52 = fma(vec4f(x5.w), w23, fma(vec4f(x5.z), w22, fma(vec4f(x5.y), w21, fma(vec4f(x5.x), w20, a52))));
        a62 = fma(vec4f(x6.w), w23, fma(vec4f(x6.z), w22, fma(vec4f(x6.y), w21, fma(vec4f(x6.x), w20, a62))));
        a72 = fma(vec4f(x7.w), w23, fma(vec4f(x7.z), w22, fma(vec4f(x7.y), w21, fma(vec4f(x7.x), w20, a72))));
        let w30 = subgroupBroadcast(l0, 3u); let w31 = subgroupBroadcast(l0, 7u);
        let w32 = subgroupBroadcast(l1, 3u); let w33 = subgroupBroadcast(l1, 7u);
        a03 = fma(vec4f(x0.w), w33, fma(vec4f(x0.z), w32, fma(vec4f(x0.y), w31, fma(vec4f(x0.x), w30, a03))));
        a13 = fma(vec4f(x1.w), w33, fma(vec4f(x1.z), w32, fma(vec4f(x1.y), w31, fma(vec4f(x1.x), w30, a13))));
        a23 = fma(vec4f(x2.w), w33, fma(vec4f(x2.z), w32, fma(vec4f(x2.y), w31, fma(vec4f(x2.x), w30, a23))));
        a33 = fma(vec4f(x3.w), w33, fma(vec4f(x3.z), w32, fma(vec4f(x3.y), w31, fma(vec4f(x3.x), w30, a33))));
        a43 = fma(vec4f(x4.w), w33, fma(vec4f(x4.z), w32, fma(vec4f(x4.y), w31, fma(vec4f(x4.x), w30, a43))));
        a53 = fma(vec4f(x5.w), w33, fma(vec4f(x5.z), w32, fma(vec4f(x5.y), w31, fma(vec4f(x5.x), w30, a53))));
        a63 = fma(vec4f(x6.w), w33, fma(vec4f(x6.z), w32, fma(vec4f(x6.y), w31, fma(vec4f(x6.x), w30, a63))));
        a73 = fma(vec4f(x7.w), w33, fma(vec4f(x7.z), w32, fma(vec4f(x7.y), w31, fma(vec4f(x7.x), w30, a73))));
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
