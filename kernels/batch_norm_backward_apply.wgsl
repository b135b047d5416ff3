// batch_norm_backward_apply: the input's gradient through batch statistics.
//   dx = gamma * inv_std * (d - group_dy / ROWS - xhat * group_dy_xhat / ROWS)
//   d = dy, or dy where y > 0 and else 0 if RELU;  xhat = (x - mean) * inv_std
// x, y, dy        [GROUPS, ROWS, C]   Elem, read; y is bound to dy again where RELU is false
// mean, inv_std, group_dy, group_dy_xhat   [GROUPS, C]   f32, read
// gamma           [C]                 f32, read
// dx              [GROUPS, ROWS, C]   Elem, overwritten
// dispatch        [ceil(THREADS / WORKGROUP_SIZE) folded into x and y, GROUPS]
// An invocation makes up to 8 elements of one channel, THREADS apart, and so loads the channel's five figures once.
alias Elem = f32;
override GROUP_SIZE: u32; // ROWS * C
override ROWS: u32;
override C: u32;
override THREADS: u32; // ceil(ROWS / 8) * C
override RELU: bool = false;
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> x: array<Elem>;
@group(0) @binding(1) var<storage, read> y: array<Elem>;
@group(0) @binding(2) var<storage, read> dy: array<Elem>;
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<storage, read> inv_std: array<f32>;
@group(0) @binding(5) var<storage, read> group_dy: array<f32>;
@group(0) @binding(6) var<storage, read> group_dy_xhat: array<f32>;
@group(0) @binding(7) var<storage, read> gamma: array<f32>;
@group(0) @binding(8) var<storage, read_write> dx: array<Elem>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let thread = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (thread >= THREADS) { return; }
  let c = thread % C;
  let s = group.z * C + c;
  let centre = mean[s];
  let scale = gamma[c] * inv_std[s];
  let mean_dy = group_dy[s] / f32(ROWS);
  let slope = group_dy_xhat[s] / f32(ROWS) * inv_std[s]; // of the part along xhat, by x - mean
  for (var at = thread; at < GROUP_SIZE; at += THREADS) {
    let i = group.z * GROUP_SIZE + at;
    var d = f32(dy[i]);
    if (RELU) { d = select(0.0, d, f32(y[i]) > 0.0); }
    dx[i] = Elem(scale * (d - mean_dy - (f32(x[i]) - centre) * slope));
  }
}
