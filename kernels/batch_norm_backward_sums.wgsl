// batch_norm_backward_sums: chunks' sums to groups' sums, and those to the parameters' gradients.
// sum_dy, sum_dy_xhat      [GROUPS, CHUNKS, C]   f32, read
// group_dy, group_dy_xhat  [GROUPS, C]           f32, overwritten
// d_gamma, d_beta          [C]                   f32, added to, over all groups
// dispatch    [ceil(C / WORKGROUP_SIZE)]
override GROUPS: u32;
override C: u32;
override CHUNKS: u32;
override WORKGROUP_SIZE: u32 = 8;

@group(0) @binding(0) var<storage, read> sum_dy: array<f32>;
@group(0) @binding(1) var<storage, read> sum_dy_xhat: array<f32>;
@group(0) @binding(2) var<storage, read_write> group_dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> group_dy_xhat: array<f32>;
@group(0) @binding(4) var<storage, read_write> d_gamma: array<f32>;
@group(0) @binding(5) var<storage, read_write> d_beta: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = id.x;
  if (c >= C) { return; }
  var total_beta = 0.0;
  var total_gamma = 0.0;
  for (var g = 0u; g < GROUPS; g++) {
    var a = 0.0;
    var b = 0.0;
    for (var z = 0u; z < CHUNKS; z++) {
      let at = (g * CHUNKS + z) * C + c;
      a += sum_dy[at];
      b += sum_dy_xhat[at];
    }
    group_dy[g * C + c] = a;
    group_dy_xhat[g * C + c] = b;
    total_beta += a;
    total_gamma += b;
  }
  d_beta[c] += total_beta;
  d_gamma[c] += total_gamma;
}
