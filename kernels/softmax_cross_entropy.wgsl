// softmax_cross_entropy: each row's loss and the gradient of SCALE times their sum.
//   top = max over c of logits[n, c];  total = sum over c of exp(logits[n, c] - top)
//   row_loss[n] = log(total) - (logits[n, label] - top);  d_logits[n, c] = SCALE * (exp(logits[n, c] - top) / total - [c = label])
// logits      [N, C]   Elem, read
// labels      [N]      u32, read; a label of C or more takes its row out: loss and gradient 0
// row_loss    [N]      f32, overwritten
// d_logits    [N, C]   Elem, overwritten
// dispatch    [N] folded into x and y; one workgroup per row
// numerics    f32; a lane's classes in order, then a tree over the lanes, no atomics; the largest exponent is 0, so
//             that nothing overflows, and the class of the largest logit is summed exactly
override N: u32;
override C: u32;
override SCALE: f32;
override WORKGROUP_SIZE: u32 = 64; // a power of two
alias Elem = f32;

@group(0) @binding(0) var<storage, read> logits: array<Elem>;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read_write> row_loss: array<f32>;
@group(0) @binding(3) var<storage, read_write> d_logits: array<Elem>;

var<workgroup> lanes: array<f32, WORKGROUP_SIZE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let row = group.y * groups.x + group.x;
  if (row >= N) { return; }
  let first = row * C;
  // Lanes past the last class repeat the first one, which changes no maximum.
  var top = f32(logits[first]);
  for (var c = lane; c < C; c += WORKGROUP_SIZE) { top = max(top, f32(logits[first + c])); }
  lanes[lane] = top;
  workgroupBarrier();
  for (var reach = WORKGROUP_SIZE / 2u; reach > 0u; reach /= 2u) {
    if (lane < reach) { lanes[lane] = max(lanes[lane], lanes[lane + reach]); }
    workgroupBarrier();
  }
  top = lanes[0];
  workgroupBarrier();
  var total = 0.0;
  for (var c = lane; c < C; c += WORKGROUP_SIZE) { total += exp(f32(logits[first + c]) - top); }
  lanes[lane] = total;
  workgroupBarrier();
  for (var reach = WORKGROUP_SIZE / 2u; reach > 0u; reach /= 2u) {
    if (lane < reach) { lanes[lane] += lanes[lane + reach]; }
    workgroupBarrier();
  }
  total = lanes[0];
  let label = labels[row];
  let counts = label < C;
  if (lane == 0u) {
    row_loss[row] = select(0.0, log(total) - (f32(logits[first + min(label, C - 1u)]) - top), counts);
  }
  let scale = select(0.0, SCALE, counts);
  for (var c = lane; c < C; c += WORKGROUP_SIZE) {
    let share = exp(f32(logits[first + c]) - top) / total;
    d_logits[first + c] = Elem(scale * (share - select(0.0, 1.0, c == label)));
  }
}
