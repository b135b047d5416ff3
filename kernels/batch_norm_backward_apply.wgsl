// batch_norm_backward_apply: the input's gradient through batch statistics.
//   dx = gamma * inv_std * (d - group_dy / ROWS - xhat * group_dy_xhat / ROWS)
//   d = dy, or dy where y > 0 and else 0 if RELU;  xhat = (x - mean) * inv_std
// x, y, dy        [GROUPS, ROWS, C]   f32, read; y is bound to dy again where RELU is false
// mean, inv_std, group_dy, group_dy_xhat   [GROUPS, C]   f32, read
// gamma           [C]                 f32, read
// dx              [GROUPS, ROWS, C]   f32, overwritten
// dispatch        [ceil(GROUPS*ROWS*C / (4 * WORKGROUP_SIZE))] folded into x and y; four elements an invocation
override GROUP_SIZE: u32; // ROWS * C
override LENGTH: u32; // GROUPS * ROWS * C
override ROWS: u32;
override C: u32;
override RELU: bool = false;
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<storage, read> inv_std: array<f32>;
@group(0) @binding(5) var<storage, read> group_dy: array<f32>;
@group(0) @binding(6) var<storage, read> group_dy_xhat: array<f32>;
@group(0) @binding(7) var<storage, read> gamma: array<f32>;
@group(0) @binding(8) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let first = (group.y * groups.x + group.x) * WORKGROUP_SIZE * 4u + lane;
  for (var e = 0u; e < 4u; e++) {
    let i = first + e * WORKGROUP_SIZE;
    if (i >= LENGTH) { return; }
    let c = i % C;
    let s = (i / GROUP_SIZE) * C + c;
    var d = dy[i];
    if (RELU) { d = select(0.0, d, y[i] > 0.0); }
    let inv = inv_std[s];
    let xhat = (x[i] - mean[s]) * inv;
    dx[i] = gamma[c] * inv * (d - (group_dy[s] + xhat * group_dy_xhat[s]) / f32(ROWS));
  }
}
