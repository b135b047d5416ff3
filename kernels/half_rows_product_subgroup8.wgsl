// half_rows_product_subgroup8: half_rows_product.wgsl's products where a subgroup is 8 lanes wide, as on a CPU driver; the
// same formula, summed in another order.
// x           [rows, vectors]    vec4 of u32, read: eight halves each, the first in the lower bits of .x
// v           [queries, 2 * vectors] vec4f, read; of it row `query`
// g           rows, vectors, queries, query; vectors % 4 = 0
// y           [rows, queries]    f32; column `query` is overwritten
// dispatch    [ceil(rows / 8) folded into x and y]; a lane a row
// numerics    f32; four sums of every fourth element, in order, then these. The loop goes round vectors / 4 times
// Such a driver loads lane by lane, which costs several times a product: so a load brings eight elements, and the vector,
// loaded a part a lane, is handed round. Measured on Mesa 22: one row a lane is the fastest.
@group(0) @binding(0) var<storage, read> x: array<vec4u>;
@group(0) @binding(1) var<storage, read> v: array<vec4f>;
@group(0) @binding(2) var<uniform> g: vec4u;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

fn add(h: vec4u, v0: vec4f, v1: vec4f, sum: vec4f) -> vec4f {
  let first = fma(vec4f(unpack2x16float(h.x), unpack2x16float(h.y)), v0, sum);
  return fma(vec4f(unpack2x16float(h.z), unpack2x16float(h.w)), v1, first);
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let row = (group.y * groups.x + group.x) * 8u + lane;
  let start = min(row, g.x - 1u) * g.y;
  let query = g.w * g.y * 2u + lane;
  var sum = vec4f();
  for (var c = 0u; c < g.y; c += 4u) {
    let mine = v[query + 2u * c];
    sum = add(x[start + c], subgroupBroadcast(mine, 0u), subgroupBroadcast(mine, 1u), sum);
    sum = add(x[start + c + 1u], subgroupBroadcast(mine, 2u), subgroupBroadcast(mine, 3u), sum);
    sum = add(x[start + c + 2u], subgroupBroadcast(mine, 4u), subgroupBroadcast(mine, 5u), sum);
    sum = add(x[start + c + 3u], subgroupBroadcast(mine, 6u), subgroupBroadcast(mine, 7u), sum);
  }
  if (row < g.x) { y[row * g.z + g.w] = (sum.x + sum.y) + (sum.z + sum.w); }
}
