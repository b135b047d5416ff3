// max_pool: y[n, p, q, c] = max over r < R, s < S of x[n, p*STRIDE - PAD + r, q*STRIDE - PAD + s, c], inside x only.
// x           [N, H, W, C]           Elem, read
// y           [N, P, Q, C]           Elem, overwritten
// chosen      [N, P, Q, ceil(C/4)]   u32, overwritten: a byte a channel, the lowest the first: r*S + s of the pixel that won
// dispatch    [ceil(N*P*Q*ceil(C/4) / WORKGROUP_SIZE)] folded into x and y; four channels of a pixel an invocation
// numerics    exact. Of equal values the first in row-major order wins; NaN wins over numbers, the last over other NaN
// reference   torch.nn.functional.max_pool2d, whose choice among equals this is
alias Elem = f32;
override N: u32;
override H: u32;
override W: u32;
override C: u32;
override P: u32;
override Q: u32;
override R: u32;
override S: u32;
override STRIDE: u32;
override PAD: u32;
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> x: array<Elem>;
@group(0) @binding(1) var<storage, read_write> y: array<Elem>;
@group(0) @binding(2) var<storage, read_write> chosen: array<u32>;

// Four channels from c on; past the last one it is repeated.
fn load(n: u32, h: u32, w: u32, c: u32) -> vec4f {
  let base = ((n * H + h) * W + w) * C;
  let last = C - 1u;
  return vec4f(f32(x[base + c]), f32(x[base + min(c + 1u, last)]),
               f32(x[base + min(c + 2u, last)]), f32(x[base + min(c + 3u, last)]));
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let quads = (C + 3u) / 4u;
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  let pixel = i / quads; // (n * P + p) * Q + q
  if (pixel >= N * P * Q) { return; }
  let c = (i % quads) * 4u;
  let q = pixel % Q;
  let p = (pixel / Q) % P;
  let n = pixel / (P * Q);
  // The taps whose row is h = p*STRIDE + r - PAD in 0 … H - 1, and columns likewise.
  let r_first = PAD - min(PAD, p * STRIDE);
  let s_first = PAD - min(PAD, q * STRIDE);
  let r_end = min(R, H + PAD - p * STRIDE);
  let s_end = min(S, W + PAD - q * STRIDE);
  var best = load(n, p * STRIDE + r_first - PAD, q * STRIDE + s_first - PAD, c);
  var tap = vec4u(r_first * S + s_first);
  for (var r = r_first; r < r_end; r++) {
    for (var s = s_first; s < s_end; s++) {
      let v = load(n, p * STRIDE + r - PAD, q * STRIDE + s - PAD, c);
      // By its bits: v != v is what a compiler may take for false.
      let is_nan = (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u);
      let better = (v > best) | is_nan;
      best = select(best, v, better);
      tap = select(tap, vec4u(r * S + s), better);
    }
  }
  let at = pixel * C + c;
  y[at] = Elem(best.x);
  if (c + 1u < C) { y[at + 1u] = Elem(best.y); }
  if (c + 2u < C) { y[at + 2u] = Elem(best.z); }
  if (c + 3u < C) { y[at + 3u] = Elem(best.w); }
  chosen[i] = tap.x | (tap.y << 8u) | (tap.z << 16u) | (tap.w << 24u);
}
