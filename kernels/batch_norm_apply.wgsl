// batch_norm_apply: normalise, scale and shift; then add the residual and rectify, where asked.
//   y = act((x - mean[g, c]) * inv_std[g, c] * gamma[c] + beta[c] + residual)
// x, residual     [GROUPS, ROWS, C]   Elem, read; residual is bound to x again where RESIDUAL is false
// statistics      [GROUPS, 2, C]      f32, read from group FIRST_GROUP on: mean, then inv_std
// gamma, beta     [C]                 f32, read
// y               [GROUPS, ROWS, C]   Elem, overwritten
// dispatch        [ceil(GROUPS * THREADS / WORKGROUP_SIZE)] folded into x and y
// An invocation makes up to 8 vectors of the same channels, THREADS apart, and so loads their four figures once.
alias Elem = f32;
alias Elems = vec4<Elem>;
alias Floats = vec4f;
override GROUPS: u32;
override FIRST_GROUP: u32 = 0u; // where x is a part of all rows: of its one group
override ROWS: u32;
override VECTORS: u32; // of a row: C / 4, or C
override THREADS: u32; // of a group: ceil(ROWS / 8) * VECTORS
override RELU: bool = false;
override RESIDUAL: bool = false;
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> x: array<Elems>;
@group(0) @binding(1) var<storage, read> statistics: array<Floats>;
@group(0) @binding(2) var<storage, read> gamma: array<Floats>;
@group(0) @binding(3) var<storage, read> beta: array<Floats>;
@group(0) @binding(4) var<storage, read> residual: array<Elems>;
@group(0) @binding(5) var<storage, read_write> y: array<Elems>;

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
  let scale = statistics[s + VECTORS] * gamma[v];
  let shift = beta[v];
  for (var at = thread; at < ROWS * VECTORS; at += THREADS) {
    let i = g * ROWS * VECTORS + at;
    var value = fma(Floats(x[i]) - centre, scale, shift);
    if (RESIDUAL) { value += Floats(residual[i]); }
    if (RELU) { value = max(value, Floats()); }
    y[i] = Elems(value);
  }
}
