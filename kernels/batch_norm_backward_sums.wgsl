// batch_norm_backward_sums: chunks' sums to groups' sums, and those to the parameters' gradients.
// sums             [GROUPS, CHUNKS, 2, C]   f32, read: sum_dy, then sum_dy_xhat
// group_sums       [GROUPS, 2, C]           f32, overwritten: likewise
// d_gamma, d_beta  [C]                      f32, added to, over all groups
// dispatch    [ceil(VECTORS / CHANNEL_LANES)] folded into x and y; it takes the groups from FIRST_GROUP to END_GROUP
// numerics    sums over every SLICES-th chunk, and a tree over those: the order depends on SLICES only, not on lanes;
//             one range of groups after another, as batch_norm_statistics.wgsl
alias Floats = vec4f;
override FIRST_GROUP: u32;
override END_GROUP: u32;
override VECTORS: u32; // C / 4, or C
override CHUNKS: u32;
override SLICES: u32; // a power of two
override SLICE_LANES: u32;
override CHANNEL_LANES: u32; // vectors of a workgroup

@group(0) @binding(0) var<storage, read> sums: array<Floats>;
@group(0) @binding(1) var<storage, read_write> group_sums: array<Floats>;
@group(0) @binding(2) var<storage, read_write> d_gamma: array<Floats>;
@group(0) @binding(3) var<storage, read_write> d_beta: array<Floats>;

var<workgroup> dys: array<Floats, SLICES * CHANNEL_LANES>;
var<workgroup> dy_xhats: array<Floats, SLICES * CHANNEL_LANES>;

@compute @workgroup_size(CHANNEL_LANES, SLICE_LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_id) id: vec3u) {
  let v = (group.y * groups.x + group.x) * CHANNEL_LANES + id.x;
  var total_beta = Floats();
  var total_gamma = Floats();
  for (var g = FIRST_GROUP; g < END_GROUP; g++) {
    for (var slice = id.y; slice < SLICES; slice += SLICE_LANES) {
      var a = Floats();
      var b = Floats();
      for (var z = slice; z < CHUNKS && v < VECTORS; z += SLICES) {
        let at = (g * CHUNKS + z) * 2u * VECTORS + v;
        a += sums[at];
        b += sums[at + VECTORS];
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
      group_sums[g * 2u * VECTORS + v] = dys[id.x];
      group_sums[(g * 2u + 1u) * VECTORS + v] = dy_xhats[id.x];
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
