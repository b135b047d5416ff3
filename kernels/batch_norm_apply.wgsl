// batch_norm_apply: normalise, scale and shift; then add the residual and rectify, where asked.
//   y = act((x - mean[g, c]) * inv_std[g, c] * gamma[c] + beta[c] + residual)
// x, residual     [GROUPS, ROWS, C]   f32, read; residual is bound to x again where RESIDUAL is false
// mean, inv_std   [GROUPS, C]         f32, read
// gamma, beta     [C]                 f32, read
// y               [GROUPS, ROWS, C]   f32, overwritten
// dispatch        [ceil(GROUPS*ROWS*C / (4 * WORKGROUP_SIZE))] folded into x and y; four elements an invocation
override GROUP_SIZE: u32; // ROWS * C
override LENGTH: u32; // GROUPS * ROWS * C
override C: u32;
override RELU: bool = false;
override RESIDUAL: bool = false;
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> mean: array<f32>;
@group(0) @binding(2) var<storage, read> inv_std: array<f32>;
@group(0) @binding(3) var<storage, read> gamma: array<f32>;
@group(0) @binding(4) var<storage, read> beta: array<f32>;
@group(0) @binding(5) var<storage, read> residual: array<f32>;
@group(0) @binding(6) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let first = (group.y * groups.x + group.x) * WORKGROUP_SIZE * 4u + lane;
  for (var e = 0u; e < 4u; e++) {
    let i = first + e * WORKGROUP_SIZE;
    if (i >= LENGTH) { return; }
    let c = i % C;
    let s = (i / GROUP_SIZE) * C + c;
    var value = (x[i] - mean[s]) * inv_std[s] * gamma[c] + beta[c];
    if (RESIDUAL) { value += residual[i]; }
    if (RELU) { value = max(value, 0.0); }
    y[i] = value;
  }
}
