// l2_normalize_backward: the gradient of l2_normalize.
//   dx[r, c] = (dy[r, c] - y[r, c] * <y[r], dy[r]>) / |x[r]|; where |x[r]|^2 <= EPSILON the length is a constant, and
//   dx[r, c] = dy[r, c] / sqrt(EPSILON)
// squares     [ROWS]         f32, read: |x[r]|^2, of forward
// y, dy       [ROWS, COLS]   Elem, read
// dx          [ROWS, COLS]   Elem, overwritten
// dispatch    [ROWS] folded into x and y; one workgroup per row
// numerics    f32; a lane's columns in order, then a tree over the lanes, no atomics
override ROWS: u32;
override COLS: u32;
override WORKGROUP_SIZE: u32 = 64; // a power of two
const EPSILON: f32 = 1e-12;
alias Elem = f32;

@group(0) @binding(0) var<storage, read> squares: array<f32>;
@group(0) @binding(1) var<storage, read> y: array<Elem>;
@group(0) @binding(2) var<storage, read> dy: array<Elem>;
@group(0) @binding(3) var<storage, read_write> dx: array<Elem>;

var<workgroup> lanes: array<f32, WORKGROUP_SIZE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let row = group.y * groups.x + group.x;
  if (row >= ROWS) { return; }
  let first = row * COLS;
  var sum = 0.0;
  for (var c = lane; c < COLS; c += WORKGROUP_SIZE) {
    sum = fma(f32(y[first + c]), f32(dy[first + c]), sum);
  }
  lanes[lane] = sum;
  workgroupBarrier();
  for (var reach = WORKGROUP_SIZE / 2u; reach > 0u; reach /= 2u) {
    if (lane < reach) { lanes[lane] += lanes[lane + reach]; }
    workgroupBarrier();
  }
  let along = select(0.0, lanes[0], squares[row] > EPSILON);
  let inv_norm = 1.0 / sqrt(max(squares[row], EPSILON));
  for (var c = lane; c < COLS; c += WORKGROUP_SIZE) {
    dx[first + c] = Elem((f32(dy[first + c]) - f32(y[first + c]) * along) * inv_norm);
  }
}
