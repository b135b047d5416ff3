// half_rows_product: the product of every row of a matrix of halves with one vector.
//   y[r * queries + query] = sum over c of x[r, c] * v[query, c]
// x           [rows, vectors]    vec4 of u32, read: eight halves each, the first in the lower bits of .x
// v           [queries, 2 * vectors] vec4f, read; of it row `query`
// g           rows, vectors, queries, query: not constants, so that all shapes share one pipeline; vectors % 4 = 0
// y           [rows, queries]    f32; column `query` is overwritten
// dispatch    [ceil(rows / 8) folded into x and y]; eight lanes a row, next to one another in what they read
// numerics    f32; a lane's vectors in order, then a tree over the eight lanes
@group(0) @binding(0) var<storage, read> x: array<vec4u>;
@group(0) @binding(1) var<storage, read> v: array<vec4f>;
@group(0) @binding(2) var<uniform> g: vec4u;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

var<workgroup> lanes: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let row = (group.y * groups.x + group.x) * 8u + lane / 8u;
  let start = min(row, g.x - 1u) * g.y;
  let query = g.w * g.y * 2u;
  var sum = vec4f();
  for (var c = lane % 8u; c < g.y; c += 8u) {
    let h = x[start + c];
    sum = fma(vec4f(unpack2x16float(h.x), unpack2x16float(h.y)), v[query + 2u * c], sum);
    sum = fma(vec4f(unpack2x16float(h.z), unpack2x16float(h.w)), v[query + 2u * c + 1u], sum);
  }
  lanes[lane] = (sum.x + sum.y) + (sum.z + sum.w);
  for (var reach = 4u; reach > 0u; reach /= 2u) {
    workgroupBarrier();
    if (lane % 8u < reach) { lanes[lane] += lanes[lane + reach]; }
  }
  if (lane % 8u == 0u && row < g.x) { y[row * g.z + g.w] = lanes[lane]; }
}
