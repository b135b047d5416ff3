// conv2d_subgroup8_short: conv2d_subgroup8_wide.wgsl with 4 pixels an invocation: 8 loads for 512 products. Same formula,
// bindings, order of sums and bits.
// x           [N, X_H, X_W, C / 4]            vec4 of Elem, read
// w           [panels, taps_r, taps_s, C, 4]  vec4 of Elem, read; packed by pack_weight.wgsl: a panel is 16 channels
// g           the sizes
// y           [N, Y_H, Y_W, K / 4]            vec4 of Elem; the addressed pixels are overwritten
// lib         conv2d_geometry.wgsl, conv2d_pixel.wgsl
// dispatch    [ceil(N * i_count * j_count / 32) folded into x and y, ceil(K / 32)]; of more than a dispatch takes, some
// numerics    f32, one fixed order of sums: two runs on one device agree bit for bit. Loops go round
//             taps_r * (3 + taps_s * (2 + C / 4)) times, of 65,535 on a CPU: taps_r * taps_s * C <= 40,960 (conv2d_sizes.ts)
// For drivers that write a load out for every lane, 2 KB of code each: with 4 pixels the loop still fits the 32 KiB of a
// CPU's first instruction cache, which with 6 it does not.
alias Elem = f32;

@group(0) @binding(0) var<storage, read> x: array<vec4<Elem>>;
@group(0) @binding(1) var<storage, read> w: array<vec4<Elem>>;
@group(0) @binding(2) var<uniform> g: Geometry;
@group(0) @binding(3) var<storage, read_write> y: array<vec4<Elem>>;

fn store(index: u32, p: Pixel, k: u32, v0: vec4f, v1: vec4f, v2: vec4f, v3: vec4f, v4: vec4f, v5: vec4f, v6: vec4f, v7: vec4f) {
  if (index >= g.n * g.i_count * g.j_count) { return; }
  store4(p.at, k, v0); store4(p.at, k + 4u, v1); store4(p.at, k + 8u, v2); store4(p.at, k + 12u, v3);
  store4(p.at, k + 16u, v4); store4(p.at, k + 20u, v5); store4(p.at, k + 24u, v6); store4(p.at, k + 28u, v7);
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let first = (group.y * groups.x + group.x) * 32u + lane;
  let k = g.k_first + group.z * 32u;
  let j = first % g.j_count;
  let i = (first / g.j_count) % g.i_count;
  let n = first / (g.j_count * g.i_count);
  let p0 = pixel(n, i, j, 0u);
  let p1 = pixel(n, i, j, 8u);
  let p2 = pixel(n, i, j, 16u);
  let p3 = pixel(n, i, j, 24u);
  var a00 = vec4f(); var a01 = vec4f(); var a02 = vec4f(); var a03 = vec4f();
  var a04 = vec4f(); var a05 = vec4f(); var a06 = vec4f(); var a07 = vec4f();
  var a10 = vec4f(); var a11 = vec4f(); var a12 = vec4f(); var a13 = vec4f();
  var a14 = vec4f(); var a15 = vec4f(); var a16 = vec4f(); var a17 = vec4f();
  var a20 = vec4f(); var a21 = vec4f(); var a22 = vec4f(); var a23 = vec4f();
  var a24 = vec4f(); var a25 = vec4f(); var a26 = vec4f(); var a27 = vec4f();
  var a30 = vec4f(); var a31 = vec4f(); var a32 = vec4f(); var a33 = vec4f();
  var a34 = vec4f(); var a35 = vec4f(); var a36 = vec4f(); var a37 = vec4f();
  for (var a = 0u; a < g.taps_r; a++) {
    let down = i32(a) * g.x_dir;
    for (var b = 0u; b < g.taps_s; b++) {
      let right = i32(b) * g.x_dir;
      let t0 = tap(p0, down, right);
      let t1 = tap(p1, down, right);
      let t2 = tap(p2, down, right);
      let t3 = tap(p3, down, right);
      var at = ((k / 16u * g.taps_r + a) * g.taps_s + b) * g.c * 4u + lane;
      let panel = g.taps_r * g.taps_s * g.c * 4u; // past the last panel anything is read, and nothing stored
      for (var c4 = 0u; c4 < g.c / 4u; c4++) {
        // Lane l holds channels 4 * (l % 4) … of c = l / 4, and of c = l / 4 + 2.
        let l0 = vec4f(w[at]); let l1 = vec4f(w[at + 8u]);
        let l2 = vec4f(w[at + panel]); let l3 = vec4f(w[at + panel + 8u]);
        at += 16u;
        let x0 = load(t0, c4); let x1 = load(t1, c4); let x2 = load(t2, c4); let x3 = load(t3, c4);
        let w00 = subgroupBroadcast(l0, 0u); let w01 = subgroupBroadcast(l0, 4u);
        let w02 = subgroupBroadcast(l1, 0u); let w03 = subgroupBroadcast(l1, 4u);
        a00 = fma(vec4f(x0.w), w03, fma(vec4f(x0.z), w02, fma(vec4f(x0.y), w01, fma(vec4f(x0.x), w00, a00))));
        a10 = fma(vec4f(x1.w), w03, fma(vec4f(x1.z), w02, fma(vec4f(x1.y), w01, fma(vec4f(x1.x), w00, a10))));
        a20 = fma(vec4f(x2.w), w03, fma(vec4f(x2.z), w02, fma(vec4f(x2.y), w01, fma(vec4f(x2.x), w00, a20))));
        a30 = fma(vec4f(x3.w), w03, fma(vec4f(x3.z), w02, fma(vec4f(x3.y), w01, fma(vec4f(x3.x), w00, a30))));
        let w10 = subgroupBroadcast(l0, 1u); let w11 = subgroupBroadcast(l0, 5u);
        let w12 = subgroupBroadcast(l1, 1u); let w13 = subgroupBroadcast(l1, 5u);
        a01 = fma(vec4f(x0.w), w13, fma(vec4f(x0.z), w12, fma(vec4f(x0.y), w11, fma(vec4f(x0.x), w10, a01))));
        a11 = fma(vec4f(x1.w), w13, fma(vec4f(x1.z), w12, fma(vec4f(x1.y), w11, fma(vec4f(x1.x), w10, a11))));
        a21 = fma(vec4f(x2.w), w13, fma(vec4f(x2.z), w12, fma(vec4f(x2.y), w11, fma(vec4f(x2.x), w10, a21))));
        a31 = fma(vec4f(x3.w), w13, fma(vec4f(x3.z), w12, fma(vec4f(x3.y), w11, fma(vec4f(x3.x), w10, a31))));
        let w20 = subgroupBroadcast(l0, 2u); let w21 = subgroupBroadcast(l0, 6u);
        let w22 = subgroupBroadcast(l1, 2u); let w23 = subgroupBroadcast(l1, 6u);
        a02 = fma(vec4f(x0.w), w23, fma(vec4f(x0.z), w22, fma(vec4f(x0.y), w21, fma(vec4f(x0.x), w20, a02))));
        a12 = fma(vec4f(x1.w), w23, fma(vec4f(x1.z), w22, fma(vec4f(x1.y), w21, fma(vec4f(x1.x), w20, a12))));
        a22 = fma(vec4f(x2.w), w23, fma(vec4f(x2.z), w22, fma(vec4f(x2.y), w21, fma(vec4f(x2.x), w20, a22))));
        a32 = fma(vec4f(x3.w), w23, fma(vec4f(x3.z), w22, fma(vec4f(x3.y), w21, fma(vec4f(x3.x), w20, a32))));
        let w30 = subgroupBroadcast(l0, 3u); let w31 = subgroupBroadcast(l0, 7u);
        let w32 = subgroupBroadcast(l1, 3u); let w33 = subgroupBroadcast(l1, 7u);
        a03 = fma(vec4f(x0.w), w33, fma(vec4f(x0.z), w32, fma(vec4f(x0.y), w31, fma(vec4f(x0.x), w30, a03))));
        a13 = fma(vec4f(x1.w), w33, fma(vec4f(x1.z), w32, fma(vec4f(x1.y), w31, fma(vec4f(x1.x), w30, a13))));
        a23 = fma(vec4f(x2.w), w33, fma(vec4f(x2.z), w32, fma(vec4f(x2.y), w31, fma(vec4f(x2.x), w30, a23))));
        a33 = fma(vec4f(x3.w), w33, fma(vec4f(x3.z), w32, fma(vec4f(x3.y), w31, fma(vec4f(x3.x), w30, a33))));
        let w40 = subgroupBroadcast(l2, 0u); let w41 = subgroupBroadcast(l2, 4u);
        let w42 = subgroupBroadcast(l3, 0u); let w43 = subgroupBroadcast(l3, 4u);
        a04 = fma(vec4f(x0.w), w43, fma(vec4f(x0.z), w42, fma(vec4f(x0.y), w41, fma(vec4f(x0.x), w40, a04))));
        a14 = fma(vec4f(x1.w), w43, fma(vec4f(x1.z), w42, fma(vec4f(x1.y), w41, fma(vec4f(x1.x), w40, a14))));
        a24 = fma(vec4f(x2.w), w43, fma(vec4f(x2.z), w42, fma(vec4f(x2.y), w41, fma(vec4f(x2.x), w40, a24))));
        a34 = fma(vec4f(x3.w), w43, fma(vec4f(x3.z), w42, fma(vec4f(x3.y), w41, fma(vec4f(x3.x), w40, a34))));
        let w50 = subgroupBroadcast(l2, 1u); let w51 = subgroupBroadcast(l2, 5u);
        let w52 = subgroupBroadcast(l3, 1u); let w53 = subgroupBroadcast(l3, 5u);
        a05 = fma(vec4f(x0.w), w53, fma(vec4f(x0.z), w52, fma(vec4f(x0.y), w51, fma(vec4f(x0.x), w50, a05))));
        a15 = fma(vec4f(x1.w), w53, fma(vec4f(x1.z), w52, fma(vec4f(x1.y), w51, fma(vec4f(x1.x), w50, a15))));
        a25 = fma(vec4f(x2.w), w53, fma(vec4f(x2.z), w52, fma(vec4f(x2.y), w51, fma(vec4f(x2.x), w50, a25))));
        a35 = fma(vec4f(x3.w), w53, fma(vec4f(x3.z), w52, fma(vec4f(x3.y), w51, fma(vec4f(x3.x), w50, a35))));
        let w60 = subgroupBroadcast(l2, 2u); let w61 = subgroupBroadcast(l2, 6u);
        let w62 = subgroupBroadcast(l3, 2u); let w63 = subgroupBroadcast(l3, 6u);
        a06 = fma(vec4f(x0.w), w63, fma(vec4f(x0.z), w62, fma(vec4f(x0.y), w61, fma(vec4f(x0.x), w60, a06))));
        a16 = fma(vec4f(x1.w), w63, fma(vec4f(x1.z), w62, fma(vec4f(x1.y), w61, fma(vec4f(x1.x), w60, a16))));
        a26 = fma(vec4f(x2.w), w63, fma(vec4f(x2.z), w62, fma(vec4f(x2.y), w61, fma(vec4f(x2.x), w60, a26))));
        a36 = fma(vec4f(x3.w), w63, fma(vec4f(x3.z), w62, fma(vec4f(x3.y), w61, fma(vec4f(x3.x), w60, a36))));
        let w70 = subgroupBroadcast(l2, 3u); let w71 = subgroupBroadcast(l2, 7u);
        let w72 = subgroupBroadcast(l3, 3u); let w73 = subgroupBroadcast(l3, 7u);
        a07 = fma(vec4f(x0.w), w73, fma(vec4f(x0.z), w72, fma(vec4f(x0.y), w71, fma(vec4f(x0.x), w70, a07))));
        a17 = fma(vec4f(x1.w), w73, fma(vec4f(x1.z), w72, fma(vec4f(x1.y), w71, fma(vec4f(x1.x), w70, a17))));
        a27 = fma(vec4f(x2.w), w73, fma(vec4f(x2.z), w72, fma(vec4f(x2.y), w71, fma(vec4f(x2.x), w70, a27))));
        a37 = fma(vec4f(x3.w), w73, fma(vec4f(x3.z), w72, fma(vec4f(x3.y), w71, fma(vec4f(x3.x), w70, a37))));
      }
    }
  }
  store(first + 0u, p0, k, a00, a01, a02, a03, a04, a05, a06, a07);
  store(first + 8u, p1, k, a10, a11, a12, a13, a14, a15, a16, a17);
  store(first + 16u, p2, k, a20, a21, a22, a23, a24, a25, a26, a27);
  store(first + 24u, p3, k, a30, a31, a32, a33, a34, a35, a36, a37);
}
