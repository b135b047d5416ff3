// batch_norm_backward_sums: chunks' sums to groups' sums, and those to the parameters' gradients.
// sum_dy, sum_dy_xhat      [GROUPS, CHUNKS, C]   f32, read
// group_dy, group_dy_xhat  [GROUPS, C]           f32, overwritten
// d_gamma, d_beta          [C]                   f32, added to, over all groups
// dispatch    [ceil(VECTORS / CHANNEL_LANES)]
// numerics    sums over every SLICES-th chunk, and a tree over those: the order depends on SLICES only, not on lanes
alias Floats = vec4f;
override GROUPS: u32;
override VECTORS: u32; // C / 4, or C
override CHUNKS: u32;
override SLICES: u32; // a power of two
override SLICE_LANES: u32;
override CHANNEL_LANES: u32; // vectors of a workgroup

@group(0) @binding(0) var<storage, read> sum_dy: array<Floats>;
@group(0) @binding(1) var<storage, read> sum_dy_xhat: array<Floats>;
@group(0) @binding(2) var<storage, read_write> group_dy: array<Floats>;
@group(0) @binding(3) var<storage, read_write> group_dy_xhat: array<Floats>;
@group(0) @binding(4) var<storage, read_write> d_gamma: array<Floats>;
@group(0) @binding(5) var<storage, read_write> d_beta: array<Floats>;

var<workgroup> dys: array<Floats, SLICES * CHANNEL_LANES>;
var<workgroup> dy_xhats: array<Floats, SLICES * CHANNEL_LANES>;

@compute @workgroup_size(CHANNEL_LANES, SLICE_LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) id: vec3u) {
  let v = group.x * CHANNEL_LANES + id.x;
  var total_beta = Floats();
  var total_gamma = Floats();
  for (var g = 0u; g < GROUPS; g++) {
    for (var slice = id.y; slice < SLICES; slice += SLICE_LANES) {
      var a = Floats();
      var b = Floats();
      for (var z = slice; z < CHUNKS && v < VECTORS; z += SLICES) {
        let at = (g * CHUNKS + z) * VECTORS + v;
        a += sum_dy[at];
        b += sum_dy_xhat[at];
      }
      dys[slice * CHANNEL_LANES + id.x] = a;
      dy_xhats[slice * CHANNEL_LANES + id.x] = b;
    }
    for (var reach = SLICES / 2u; reach > 0u; reach /= 2u) {
      workgroupBarrier();
      for (var slice = id.y; slice < reach; slice += SLICE_LANES) {
        let at = slice * CHANNEL_LANES + id.x;
        dys[at] += dys[at + reach * CHANNEL_LANES];
        dy_xhats[at] += dy_xhats[at + reach * CHANNEL_LANES];
      }
    }
    if (id.y == 0u && v < VECTORS) {
      group_dy[g * VECTORS + v] = dys[id.x];
      group_dy_xhat[g * VECTORS + v] = dy_xhats[id.x];
      total_beta += dys[id.x];
      total_gamma += dy_xhats[id.x];
    }
    workgroupBarrier();
  }
  if (id.y == 0u && v < VECTORS) {
    d_beta[v] += total_beta;
    d_gamma[v] += total_gamma;
  }
}
