// batch_norm_backward_partial: one chunk's share of dBeta and dGamma, by channel and statistics group.
//   d = dy, or dy + addend if ADD; 0 where RECTIFY and the rectifier was shut
//   sum_dy = sum of d;  sum_dy_xhat = sum of d * (x - mean) * inv_std
// x               [GROUPS, ROWS, C]     Elem, read
// dy              [GROUPS, ROWS, C]     Elem, read; replaced by d if STORE
// addend          [GROUPS, ROWS, C]     Elem, read; bound to x again where ADD is false
// y               [GROUPS, ROWS, C]     Elem, read where RECTIFY = BY_OUTPUT; elsewhere bound to x again
// statistics      [GROUPS, 2, C]        f32, read from group FIRST_GROUP on: mean, then inv_std
// gamma, beta     [C]                   f32, read where RECTIFY = BY_INPUT
// sums            [GROUPS, CHUNKS, 2, C]  f32, overwritten from chunk FIRST_CHUNK on: sum_dy, then sum_dy_xhat; of a
//                                       chunk without rows both are 0
// dispatch        [ceil(GROUPS * CHUNKS * VECTORS / WORKGROUP_SIZE)] folded into x and y; an invocation takes a chunk's vector
alias Elem = f32;
alias Elems = vec4<Elem>;
alias Floats = vec4f;
const BY_INPUT: u32 = 1u; // nothing was added before the rectifier: what it saw is made again, as batch_norm_apply.wgsl did
const BY_OUTPUT: u32 = 2u; // y is above 0 where it was open
override GROUPS: u32;
override FIRST_GROUP: u32 = 0u; // where x is a part of all rows: of its one group
override ROWS: u32;
override VECTORS: u32; // of a row: C / 4, or C
override CHUNKS: u32;
override ROWS_PER_CHUNK: u32;
override FIRST_CHUNK: u32 = 0u;
override ADD: bool = false;
override RECTIFY: u32 = 0u;
override STORE: bool = false;
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> x: array<Elems>;
@group(0) @binding(1) var<storage, read_write> dy: array<Elems>;
@group(0) @binding(2) var<storage, read> addend: array<Elems>;
@group(0) @binding(3) var<storage, read> y: array<Elems>;
@group(0) @binding(4) var<storage, read> statistics: array<Floats>;
@group(0) @binding(5) var<storage, read> gamma: array<Floats>;
@group(0) @binding(6) var<storage, read> beta: array<Floats>;
@group(0) @binding(7) var<storage, read_write> sums: array<Floats>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let thread = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (thread >= GROUPS * CHUNKS * VECTORS) { return; }
  let v = thread % VECTORS;
  let chunk = thread / VECTORS; // of all groups'
  let g = chunk / CHUNKS;
  let s = (FIRST_GROUP + g) * 2u * VECTORS + v;
  let centre = statistics[s];
  let inv = statistics[s + VECTORS];
  let scale = inv * gamma[v];
  let shift = beta[v];
  let first = chunk % CHUNKS * ROWS_PER_CHUNK;
  let last = min(first + ROWS_PER_CHUNK, ROWS);
  var a = Floats();
  var b = Floats();
  // By sixteens: behind a global pool dy is one value over an image's pixels, and one long sum of equals rounds one way.
  for (var start = first; start < last; start += 16u) {
    var a16 = Floats();
    var b16 = Floats();
    for (var row = start; row < min(start + 16u, last); row++) {
      let i = (g * ROWS + row) * VECTORS + v;
      let deviation = Floats(x[i]) - centre;
      var d = Floats(dy[i]);
      if (ADD) { d += Floats(addend[i]); }
      if (RECTIFY == BY_INPUT) { d = select(Floats(), d, fma(deviation, scale, shift) > Floats()); }
      if (RECTIFY == BY_OUTPUT) { d = select(Floats(), d, Floats(y[i]) > Floats()); }
      if (STORE) { dy[i] = Elems(d); }
      a16 += d;
      b16 = fma(d, deviation, b16);
    }
    a += a16;
    b += b16;
  }
  let out = (FIRST_CHUNK + chunk) * 2u * VECTORS + v;
  sums[out] = a;
  sums[out + VECTORS] = b * inv;
}
