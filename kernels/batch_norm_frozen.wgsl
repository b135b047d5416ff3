// batch_norm_frozen: running statistics as batch_norm_apply.wgsl reads a batch's.
//   mean[c] = running_mean[c];  inv_std[c] = 1 / sqrt(running_var[c] + EPSILON)
// running_mean, running_var   [C]      f32, read
// statistics                  [2, C]   f32, overwritten: mean, then inv_std
// dispatch    [ceil(C / WORKGROUP_SIZE)] folded into x and y
override C: u32;
override WORKGROUP_SIZE: u32 = 64;
const EPSILON: f32 = 1e-5;

@group(0) @binding(0) var<storage, read> running_mean: array<f32>;
@group(0) @binding(1) var<storage, read> running_var: array<f32>;
@group(0) @binding(2) var<storage, read_write> statistics: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let c = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (c >= C) { return; }
  statistics[c] = running_mean[c];
  statistics[C + c] = 1.0 / sqrt(running_var[c] + EPSILON);
}
