// max_pool_backward: dx[n, h, w, c] = sum of dy[n, p, q, c] over the windows (p, q) whose maximum this pixel was.
// chosen      [N, P, Q, VECTORS]     u32, read: max_pool.wgsl's, a byte a channel
// dy          [N, P, Q, C]           Elem, read
// dx          [N, H, W, C]           Elem, overwritten
// dispatch    [ceil(N*H*W*VECTORS / WORKGROUP_SIZE)] folded into x and y; four channels of a pixel an invocation
// numerics    gathered, so no atomics: f32 sums over the windows in row-major order
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

@group(0) @binding(0) var<storage, read> chosen: array<u32>;
@group(0) @binding(1) var<storage, read> dy: array<vec4<Elem>>;
@group(0) @binding(2) var<storage, read_write> dx: array<vec4<Elem>>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  let pixel = i / VECTORS; // (n * H + h) * W + w
  if (pixel >= N * H * W) { return; }
  let left = pixel % W + PAD; // in padded coordinates, where window q begins at q * STRIDE
  let top = (pixel / W) % H + PAD;
  let n = pixel / (H * W);
  let p_first = (max(top + 1u, R) - R + STRIDE - 1u) / STRIDE;
  let q_first = (max(left + 1u, S) - S + STRIDE - 1u) / STRIDE;
  let p_end = min(top / STRIDE + 1u, P);
  let q_end = min(left / STRIDE + 1u, Q);
  var sum = vec4f();
  for (var p = p_first; p < p_end; p++) {
    for (var q = q_first; q < q_end; q++) {
      let window = ((n * P + p) * Q + q) * VECTORS + i % VECTORS;
      let word = chosen[window];
      let taps = (vec4u(word) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(255u);
      let mine = taps == vec4u((top - p * STRIDE) * S + left - q * STRIDE);
      if (!any(mine)) { continue; }
      sum += select(vec4f(), vec4f(dy[window]), mine);
    }
  }
  dx[i] = vec4<Elem>(sum);
}
