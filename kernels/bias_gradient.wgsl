// bias_gradient: d_bias[k] += sum of dy[n, k] over the rows n from FIRST_ROW to END_ROW.
// dy          [N, K]   Elem, read
// d_bias      [K]      f32, added to: a parameter's gradient accumulates
// dispatch    [ceil(VECTORS / CHANNEL_LANES)] folded into x and y
// numerics    sums over every SLICES-th row, and a tree over those: the order depends on SLICES only, not on lanes;
//             4,194,304 rows a dispatch at most (MAX_SLICED_ROWS): no invocation then goes round more than 16,384 times
alias Elem = f32;
alias Elems = vec4<Elem>;
alias Floats = vec4f;
override FIRST_ROW: u32;
override END_ROW: u32;
override VECTORS: u32; // of a row: K / 4, or K
override SLICES: u32; // a power of two
override SLICE_LANES: u32;
override CHANNEL_LANES: u32; // vectors of a workgroup

@group(0) @binding(0) var<storage, read> dy: array<Elems>;
@group(0) @binding(1) var<storage, read_write> d_bias: array<Floats>;

var<workgroup> sums: array<Floats, SLICES * CHANNEL_LANES>;

@compute @workgroup_size(CHANNEL_LANES, SLICE_LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_id) id: vec3u) {
  let v = (group.y * groups.x + group.x) * CHANNEL_LANES + id.x;
  for (var slice = id.y; slice < SLICES; slice += SLICE_LANES) {
    var sum = Floats();
    for (var n = FIRST_ROW + slice; n < END_ROW && v < VECTORS; n += SLICES) { sum += Floats(dy[n * VECTORS + v]); }
    sums[slice * CHANNEL_LANES + id.x] = sum;
  }
  for (var reach = SLICES / 2u; reach > 0u; reach /= 2u) {
    workgroupBarrier();
    for (var slice = id.y; slice < reach; slice += SLICE_LANES) {
      let at = slice * CHANNEL_LANES + id.x;
      sums[at] += sums[at + reach * CHANNEL_LANES];
    }
  }
  if (id.y == 0u && v < VECTORS) { d_bias[v] += sums[id.x]; }
}
