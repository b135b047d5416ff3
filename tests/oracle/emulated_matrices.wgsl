// emulated_matrices: what takes the place of WGSL's matrices where a kernel's text is rewritten by matrix_units.ts.
// needs       matrix_tile.wgsl's constants and `tile`; `main` sets own_lane, its invocation's place in its subgroup
// numerics    sums in f32, a matrix's K in order
var<private> own_lane: u32;
struct Operand { at: u32, stride: u32, by_column: bool } // left where it lies, in f16
struct Result { rows: array<vec4f, RESULT_VECTORS> } // every SUBGROUP_SIZE-th four of its columns, row by row
const RESULT_VECTORS: u32 = (M * N / 4u + SUBGROUP_SIZE - 1u) / SUBGROUP_SIZE;
var<workgroup> shuffled: array<vec4f, INVOCATIONS>;

fn four_halves(i: u32) -> vec4f {
  let unit = tile[i / 8u];
  let words = select(unit.xy, unit.zw, i % 8u >= 4u);
  return vec4f(unpack2x16float(words.x), unpack2x16float(words.y));
}
fn half(i: u32) -> f32 { return four_halves(i / 4u * 4u)[i % 4u]; }
fn operand_at(o: Operand, row: u32, column: u32) -> u32 {
  return o.at * 8u + select(row * o.stride * 8u + column, column * o.stride * 8u + row, o.by_column);
}
fn multiply_accumulate(left: Operand, right: Operand, sums: Result) -> Result {
  var result = sums;
  for (var i = 0u; i < RESULT_VECTORS; i++) {
    let vector = i * SUBGROUP_SIZE + own_lane;
    if (vector >= M * N / 4u) { continue; }
    for (var k = 0u; k < K; k++) {
      let factor = half(operand_at(left, vector / (N / 4u), k));
      result.rows[i] += factor * four_halves(operand_at(right, k, vector % (N / 4u) * 4u));
    }
  }
  return result;
}
fn store_result(at: u32, sums: Result, stride: u32) {
  for (var i = 0u; i < RESULT_VECTORS; i++) {
    let vector = i * SUBGROUP_SIZE + own_lane;
    if (vector < M * N / 4u) { tile[at + vector / (N / 4u) * stride + vector % (N / 4u)] = bitcast<vec4u>(sums.rows[i]); }
  }
}
fn shuffle(value: vec4f, lane: u32, reach: u32) -> vec4f {
  workgroupBarrier();
  shuffled[lane] = value;
  workgroupBarrier();
  return shuffled[lane ^ reach];
}
