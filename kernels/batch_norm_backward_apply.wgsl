// batch_norm_backward_apply: the input's gradient through batch statistics.
//   dx = gamma * inv_std * (d - group_dy / GROUP_ROWS - xhat * group_dy_xhat / GROUP_ROWS)
//   d = dy; 0 where RECTIFY and the rectifier was shut;  xhat = (x - mean) * inv_std
// x, dy           [GROUPS, ROWS, C]   Elem, read
// statistics      [GROUPS, 2, C]      f32, read from group FIRST_GROUP on: mean, then inv_std
// group_sums      [GROUPS, 2, C]      f32, read likewise: group_dy, then group_dy_xhat
// gamma, beta     [C]                 f32, read; beta where RECTIFY only
// dx              [GROUPS, ROWS, C]   Elem, overwritten
// dispatch        [ceil(GROUPS * THREADS / WORKGROUP_SIZE)] folded into x and y
// An invocation makes up to 8 vectors of the same channels, THREADS apart, and so loads their figures once.
alias Elem = f32;
alias Elems = vec4<Elem>;
alias Floats = vec4f;
override GROUPS: u32;
override FIRST_GROUP: u32 = 0u; // where x is a part of all rows: of its one group
override ROWS: u32;
override GROUP_ROWS: u32; // ROWS, but where x is a part of them
override VECTORS: u32; // of a row: C / 4, or C
override THREADS: u32; // of a group: ceil(ROWS / 8) * VECTORS
override RECTIFY: bool = false; // by what the rectifier saw, made again as batch_norm_apply.wgsl did
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> x: array<Elems>;
@group(0) @binding(1) var<storage, read> dy: array<Elems>;
@group(0) @binding(2) var<storage, read> statistics: array<Floats>;
@group(0) @binding(3) var<storage, read> group_sums: array<Floats>;
@group(0) @binding(4) var<storage, read> gamma: array<Floats>;
@group(0) @binding(5) var<storage, read> beta: array<Floats>;
@group(0) @binding(6) var<storage, read_write> dx: array<Elems>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (index >= GROUPS * THREADS) { return; }
  let g = index / THREADS;
  let thread = index % THREADS;
  let v = thread % VECTORS;
  let s = (FIRST_GROUP + g) * 2u * VECTORS + v;
  let centre = statistics[s];
  let inv = statistics[s + VECTORS];
  let scale = inv * gamma[v];
  let shift = beta[v];
  let mean_dy = group_sums[s] / f32(GROUP_ROWS);
  let slope = group_sums[s + VECTORS] / f32(GROUP_ROWS) * inv; // of the part along xhat, by x - mean
  for (var at = thread; at < ROWS * VECTORS; at += THREADS) {
    let i = g * ROWS * VECTORS + at;
    let deviation = Floats(x[i]) - centre;
    var d = Floats(dy[i]);
    if (RECTIFY) { d = select(Floats(), d, fma(deviation, scale, shift) > Floats()); }
    dx[i] = Elems(scale * (d - mean_dy - deviation * slope));
  }
}
