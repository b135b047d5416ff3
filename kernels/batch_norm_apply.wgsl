// batch_norm_apply: normalise, scale and shift; then add the residual and rectify, where asked.
//   y = act((x - mean[g, c]) * inv_std[g, c] * gamma[c] + beta[c] + residual)
// x, residual     [GROUPS, ROWS, C]   Elem, read; residual is bound to x again where RESIDUAL is false
// mean, inv_std   [GROUPS, C]         f32, read
// gamma, beta     [C]                 f32, read
// y               [GROUPS, ROWS, C]   Elem, overwritten
// dispatch        [ceil(THREADS / WORKGROUP_SIZE) folded into x and y, GROUPS]
// An invocation makes up to 8 elements of one channel, THREADS apart, and so loads the channel's four figures once.
alias Elem = f32;
override GROUP_SIZE: u32; // ROWS * C
override C: u32;
override THREADS: u32; // ceil(ROWS / 8) * C
override RELU: bool = false;
override RESIDUAL: bool = false;
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> x: array<Elem>;
@group(0) @binding(1) var<storage, read> mean: array<f32>;
@group(0) @binding(2) var<storage, read> inv_std: array<f32>;
@group(0) @binding(3) var<storage, read> gamma: array<f32>;
@group(0) @binding(4) var<storage, read> beta: array<f32>;
@group(0) @binding(5) var<storage, read> residual: array<Elem>;
@group(0) @binding(6) var<storage, read_write> y: array<Elem>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let thread = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (thread >= THREADS) { return; }
  let c = thread % C;
  let centre = mean[group.z * C + c];
  let scale = inv_std[group.z * C + c] * gamma[c];
  let shift = beta[c];
  for (var at = thread; at < GROUP_SIZE; at += THREADS) {
    let i = group.z * GROUP_SIZE + at;
    var value = fma(f32(x[i]) - centre, scale, shift);
    if (RESIDUAL) { value += f32(residual[i]); }
    if (RELU) { value = max(value, 0.0); }
    y[i] = Elem(value);
  }
}
