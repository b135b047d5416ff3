// probe_correct: whether a row's largest logit is its label's; of equal logits the first class's counts as the largest.
//   correct[n] = 1 if no class c has logits[n, c] > logits[n, label], and none before the label as much; else 0
// logits      [N, C]   f32, read
// labels      [N]      u32, read; a label of C or more is never correct
// correct     [N]      f32, overwritten
// dispatch    [N] folded into x and y; one workgroup per row
override N: u32;
override C: u32;
override WORKGROUP_SIZE: u32 = 64; // a power of two

@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read_write> correct: array<f32>;

var<workgroup> larger: array<u32, WORKGROUP_SIZE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let row = group.y * groups.x + group.x;
  if (row >= N) { return; }
  let label = labels[row];
  let own = logits[row * C + min(label, C - 1u)];
  var found = select(0u, 1u, label >= C);
  for (var c = lane; c < C; c += WORKGROUP_SIZE) {
    let z = logits[row * C + c];
    if (z > own || (z == own && c < label)) { found = 1u; }
  }
  larger[lane] = found;
  for (var reach = WORKGROUP_SIZE / 2u; reach > 0u; reach /= 2u) {
    workgroupBarrier();
    if (lane < reach) { larger[lane] |= larger[lane + reach]; }
  }
  if (lane == 0u) { correct[row] = select(1.0, 0.0, larger[0] != 0u); }
}
