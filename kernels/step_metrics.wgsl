// step_metrics: one step's figures into their slot of a ring that is read back every so many steps.
//   ring[slot, 0] = mean over N of both directions' loss
//   ring[slot, 1] = mean over D of the standard deviation of the normalised projections of view 1 (1/sqrt(D) when
//                   healthy, 0 when collapsed)
//   ring[slot, 2] and [slot, 3] = the loss scale of the step to come, and how many steps were skipped so far
// row_loss    [2N]      f32, read
// projection  [2N, D]   Elem, read: the online network's
// step        [STEP_PARAMETERS]   f32, read; step[1] is the slot
// control     the loss scale's state, uniform
// ring        [SLOTS, 4]          f32, one slot overwritten
// dispatch    [1]   one workgroup
alias Elem = f32;
override N: u32;
override D: u32;
override WORKGROUP_SIZE: u32 = 64;
const EPSILON: f32 = 1e-12;
struct Control { scale: f32, inv_scale: f32, finite: f32, good_steps: f32, skipped_steps: f32 }

@group(0) @binding(0) var<storage, read> row_loss: array<f32>;
@group(0) @binding(1) var<storage, read> projection: array<Elem>;
@group(0) @binding(2) var<storage, read> step: array<f32>;
@group(0) @binding(3) var<uniform> control: Control;
@group(0) @binding(4) var<storage, read_write> inv_norm: array<f32>; // [N], scratch
@group(0) @binding(5) var<storage, read_write> ring: array<f32>;

var<workgroup> partial_std: array<f32, WORKGROUP_SIZE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(local_invocation_index) lane: u32) {
  for (var n = lane; n < N; n += WORKGROUP_SIZE) {
    var squares = 0.0;
    for (var i = 0u; i < D; i++) { let v = f32(projection[n * D + i]); squares = fma(v, v, squares); }
    inv_norm[n] = 1.0 / sqrt(max(squares, EPSILON));
  }
  storageBarrier();
  var std_sum = 0.0;
  for (var i = lane; i < D; i += WORKGROUP_SIZE) {
    var mean = 0.0;
    for (var n = 0u; n < N; n++) { mean += f32(projection[n * D + i]) * inv_norm[n]; }
    mean /= f32(N);
    var m2 = 0.0;
    for (var n = 0u; n < N; n++) {
      let deviation = f32(projection[n * D + i]) * inv_norm[n] - mean;
      m2 = fma(deviation, deviation, m2);
    }
    std_sum += sqrt(m2 / f32(max(N, 2u) - 1u));
  }
  partial_std[lane] = std_sum;
  workgroupBarrier();
  if (lane != 0u) { return; }
  var loss = 0.0;
  for (var row = 0u; row < 2u * N; row++) { loss += row_loss[row]; }
  var std_total = 0.0;
  for (var l = 0u; l < WORKGROUP_SIZE; l++) { std_total += partial_std[l]; }
  let slot = u32(step[1]);
  ring[slot * 4u] = loss / f32(N);
  ring[slot * 4u + 1u] = std_total / f32(D);
  ring[slot * 4u + 2u] = control.scale;
  ring[slot * 4u + 3u] = control.skipped_steps;
}
