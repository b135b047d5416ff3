// max_pool: y[n, p, q, c] = max over r < R, s < S of x[n, p*STRIDE - PAD + r, q*STRIDE - PAD + s, c], inside x only.
// x           [N, H, W, C]           Elem, read
// y           [N, P, Q, C]           Elem, overwritten
// chosen      [N, P, Q, VECTORS]     u32, overwritten: a byte a channel, the lowest the first: r*S + s of the pixel that won
// dispatch    [ceil(N*P*Q*VECTORS / WORKGROUP_SIZE)] folded into x and y; four channels of a pixel an invocation
// numerics    exact. Of equal values the first in row-major order wins; NaN wins over numbers, the last over other NaN
// reference   torch.nn.functional.max_pool2d, whose choice among equals this is
alias Elem = f32;
override N: u32;
override H: u32;
override W: u32;
override VECTORS: u32; // of a pixel: C / 4
override P: u32;
override Q: u32;
override R: u32;
override S: u32;
override STRIDE: u32;
override PAD: u32;
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> x: array<vec4<Elem>>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4<Elem>>;
@group(0) @binding(2) var<storage, read_write> chosen: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  let pixel = i / VECTORS; // (n * P + p) * Q + q
  if (pixel >= N * P * Q) { return; }
  let q = pixel % Q;
  let p = (pixel / Q) % P;
  let n = pixel / (P * Q);
  // The taps whose row is h = p*STRIDE + r - PAD in 0 … H - 1, and columns likewise.
  let r_first = PAD - min(PAD, p * STRIDE);
  let s_first = PAD - min(PAD, q * STRIDE);
  let r_end = min(R, H + PAD - p * STRIDE);
  let s_end = min(S, W + PAD - q * STRIDE);
  let corner = (n * H + p * STRIDE - PAD) * W + q * STRIDE - PAD; // of tap (0, 0), which may lie outside
  var best = vec4f(x[(corner + r_first * W + s_first) * VECTORS + i % VECTORS]);
  var tap = vec4u(r_first * S + s_first);
  for (var r = r_first; r < r_end; r++) {
    for (var s = s_first; s < s_end; s++) {
      let v = vec4f(x[(corner + r * W + s) * VECTORS + i % VECTORS]);
      // By its bits: v != v is what a compiler may take for false.
      let is_nan = (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u);
      let better = (v > best) | is_nan;
      best = select(best, v, better);
      tap = select(tap, vec4u(r * S + s), better);
    }
  }
  y[i] = vec4<Elem>(best);
  chosen[i] = tap.x | (tap.y << 8u) | (tap.z << 16u) | (tap.w << 24u);
}
