// matrix_tile: how kernels that multiply small matrices (tensor cores) divide a tile of results, and how they get at its sums.
// needs       the constants M, N, K (of a matrix), BLOCKS_M, BLOCKS_N (matrices of a subgroup), SUBGROUPS_M, SUBGROUPS_N and
//             SUBGROUP_SIZE; `tile`: workgroup memory in units of eight f16, STAGED of them for each subgroup at least
alias Left = subgroup_matrix_left<f16, K, M>;
alias Right = subgroup_matrix_right<f16, N, K>;
alias Sums = array<array<subgroup_matrix_result<f32, N, M>, BLOCKS_N>, BLOCKS_M>;
const INVOCATIONS: u32 = SUBGROUPS_M * SUBGROUPS_N * SUBGROUP_SIZE;
const ROWS: u32 = BLOCKS_M * M; // of a subgroup
const TILE_M: u32 = SUBGROUPS_M * ROWS;
const TILE_N: u32 = SUBGROUPS_N * BLOCKS_N * N;
// Sums are got at a column of a subgroup's matrices at a time: as f32 in workgroup memory, four a unit, VECTORS a row.
const VECTORS: u32 = N / 4u;
const STAGED: u32 = ROWS * VECTORS;

// Puts the subgroup's n-th column of matrices where `staged` finds it; a barrier must follow.
fn put(sums: ptr<function, Sums>, n: u32, subgroup: u32) {
  for (var m = 0u; m < BLOCKS_M; m++) {
    subgroupMatrixStore<row_major>(&tile, subgroup * STAGED + m * M * VECTORS, (*sums)[m][n], VECTORS);
  }
}
fn staged(subgroup: u32, row: u32, vector: u32) -> vec4f {
  return bitcast<vec4f>(tile[subgroup * STAGED + row * VECTORS + vector]);
}
