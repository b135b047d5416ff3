// batch_norm_backward_partial: one chunk's share of dBeta and dGamma, by channel and statistics group.
//   d = dy, or dy where y > 0 and else 0 if RELU;  sum_dy = sum of d;  sum_dy_xhat = sum of d * (x - mean) * inv_std
// x, y, dy        [GROUPS, ROWS, C]     Elem, read; y is bound to dy again where RELU is false
// mean, inv_std   [GROUPS, C]           f32, read
// sum_dy, sum_dy_xhat  [GROUPS, CHUNKS, C]  f32, overwritten
// dispatch        [ceil(C / WORKGROUP_SIZE), CHUNKS, GROUPS]
alias Elem = f32;
override ROWS: u32;
override C: u32;
override CHUNKS: u32;
override ROWS_PER_CHUNK: u32;
override RELU: bool = false;
override WORKGROUP_SIZE: u32 = 8;

@group(0) @binding(0) var<storage, read> x: array<Elem>;
@group(0) @binding(1) var<storage, read> y: array<Elem>;
@group(0) @binding(2) var<storage, read> dy: array<Elem>;
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<storage, read> inv_std: array<f32>;
@group(0) @binding(5) var<storage, read_write> sum_dy: array<f32>;
@group(0) @binding(6) var<storage, read_write> sum_dy_xhat: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c = group.x * WORKGROUP_SIZE + lane;
  if (c >= C) { return; }
  let s = group.z * C + c;
  let m = mean[s];
  let inv = inv_std[s];
  let last = min((group.y + 1u) * ROWS_PER_CHUNK, ROWS);
  var a = 0.0;
  var b = 0.0;
  // By sixteens: behind a global pool dy is one value over an image's pixels, and one long sum of equals rounds one way.
  for (var first = group.y * ROWS_PER_CHUNK; first < last; first += 16u) {
    var a16 = 0.0;
    var b16 = 0.0;
    for (var row = first; row < min(first + 16u, last); row++) {
      let i = (group.z * ROWS + row) * C + c;
      var d = f32(dy[i]);
      if (RELU) { d = select(0.0, d, f32(y[i]) > 0.0); }
      a16 += d;
      b16 = fma(d, (f32(x[i]) - m) * inv, b16);
    }
    a += a16;
    b += b16;
  }
  let out = (group.z * CHUNKS + group.y) * C + c;
  sum_dy[out] = a;
  sum_dy_xhat[out] = b;
}
