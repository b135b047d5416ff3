// batch_norm_frozen: what batch_norm_apply.wgsl needs to normalise by running statistics.
//   inv_std[c] = 1 / sqrt(running_var[c] + EPSILON)
// running_var, inv_std   [C]   f32, read; overwritten
// dispatch    [ceil(C / WORKGROUP_SIZE)]
override C: u32;
override WORKGROUP_SIZE: u32 = 64;
const EPSILON: f32 = 1e-5;

@group(0) @binding(0) var<storage, read> running_var: array<f32>;
@group(0) @binding(1) var<storage, read_write> inv_std: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < C) { inv_std[id.x] = 1.0 / sqrt(running_var[id.x] + EPSILON); }
}
