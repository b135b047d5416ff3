// probe_metrics: the probe's figures of a micro-batch, added to its step's slot of the ring.
//   ring[slot, FIRST ...] = (the same if step[4] is not 0, else 0) + SHARE * figure, of
//   0, 1  the mean loss, and the share that is correct, of the rows that have a class; 0 if none has
// row_loss    [N]   f32, read; 0 where a row has no class
// correct     [N]   f32, read: 1 or 0, from probe_correct.wgsl
// labels      [N]   u32, read; C or more: no class
// step        [STEP_PARAMETERS]   f32, read; step[1] is the slot, step[4] the micro-batch's number in its step
// ring        [SLOTS, FIGURES]    f32, figures of one slot added to
// dispatch    [1]   one workgroup
// numerics    each lane's rows in order, then a tree over lanes
override N: u32;
override C: u32;
override SHARE: f32; // 1 / micro-batches of a step
override FIRST: u32;
override FIGURES: u32;
override WORKGROUP_SIZE: u32 = 256; // a power of two

@group(0) @binding(0) var<storage, read> row_loss: array<f32>;
@group(0) @binding(1) var<storage, read> correct: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read> step: array<f32>;
@group(0) @binding(4) var<storage, read_write> ring: array<f32>;

var<workgroup> sums: array<vec3f, WORKGROUP_SIZE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = vec3f();
  for (var n = lane; n < N; n += WORKGROUP_SIZE) {
    sum += vec3f(row_loss[n], correct[n], select(0.0, 1.0, labels[n] < C));
  }
  sums[lane] = sum;
  for (var reach = WORKGROUP_SIZE / 2u; reach > 0u; reach /= 2u) {
    workgroupBarrier();
    if (lane < reach) { sums[lane] += sums[lane + reach]; }
  }
  if (lane > 1u) { return; }
  let at = u32(step[1]) * FIGURES + FIRST + lane;
  let mean = sums[0][lane] / max(sums[0].z, 1.0);
  ring[at] = select(ring[at], 0.0, step[4] == 0.0) + SHARE * mean;
}
