// l2_normalize: each row at unit length.
//   squares[r] = sum over c of x[r, c]^2;  y[r, c] = x[r, c] / sqrt(max(squares[r], EPSILON))
// x           [ROWS, COLS]   Elem, read
// squares     [ROWS]         f32, overwritten; what backward reads
// y           [ROWS, COLS]   Elem, overwritten
// dispatch    [ROWS] folded into x and y; one workgroup per row
// numerics    f32; a lane's columns in order, then a tree over the lanes, no atomics
// reference   arXiv 2006.07733 (inside the loss); EPSILON from the official code
override ROWS: u32;
override COLS: u32;
override WORKGROUP_SIZE: u32 = 64; // a power of two
const EPSILON: f32 = 1e-12;
alias Elem = f32;

@group(0) @binding(0) var<storage, read> x: array<Elem>;
@group(0) @binding(1) var<storage, read_write> squares: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<Elem>;

var<workgroup> lanes: array<f32, WORKGROUP_SIZE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let row = group.y * groups.x + group.x;
  if (row >= ROWS) { return; }
  let first = row * COLS;
  var sum = 0.0;
  for (var c = lane; c < COLS; c += WORKGROUP_SIZE) {
    let v = f32(x[first + c]);
    sum = fma(v, v, sum);
  }
  lanes[lane] = sum;
  workgroupBarrier();
  for (var reach = WORKGROUP_SIZE / 2u; reach > 0u; reach /= 2u) {
    if (lane < reach) { lanes[lane] += lanes[lane + reach]; }
    workgroupBarrier();
  }
  sum = lanes[0];
  if (lane == 0u) { squares[row] = sum; }
  let inv_norm = 1.0 / sqrt(max(sum, EPSILON));
  for (var c = lane; c < COLS; c += WORKGROUP_SIZE) {
    y[first + c] = Elem(f32(x[first + c]) * inv_norm);
  }
}
