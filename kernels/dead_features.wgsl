// dead_features: how many of an encoder's dimensions are 0 for every image, by blocks of WORKGROUP_SIZE dimensions.
//   dead[b] = number of d in b * WORKGROUP_SIZE ... with x[r, d] = 0 for all rows r
// x           [ROWS, DIM]   Elem, read
// dead        [BLOCKS]      f32, overwritten
// dispatch    [BLOCKS]      one invocation a dimension, which looks no further than the first row that is not 0
// numerics    whole numbers: exact in any order
alias Elem = f32;
override ROWS: u32;
override DIM: u32;
override WORKGROUP_SIZE: u32 = 64; // a power of two

@group(0) @binding(0) var<storage, read> x: array<Elem>;
@group(0) @binding(1) var<storage, read_write> dead: array<f32>;

var<workgroup> lanes: array<f32, WORKGROUP_SIZE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let d = group.x * WORKGROUP_SIZE + lane;
  var row = 0u;
  if (d < DIM) {
    for (; row < ROWS; row++) { if (f32(x[row * DIM + d]) != 0.0) { break; } }
  }
  lanes[lane] = select(0.0, 1.0, d < DIM && row == ROWS);
  for (var reach = WORKGROUP_SIZE / 2u; reach > 0u; reach /= 2u) {
    workgroupBarrier();
    if (lane < reach) { lanes[lane] += lanes[lane + reach]; }
  }
  if (lane == 0u) { dead[group.x] = lanes[0]; }
}
