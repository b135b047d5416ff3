// update_metrics: what a step's update has of figures, into its slot of the ring.
//   ring[slot, FIRST ...] = |g|, |w|, |w' - t| / |w'| over the parameters that both networks have (0 where w' is 0),
//   the loss scale of the step to come, and how many steps were skipped so far
// partials    [CHUNKS]  vec4 of f32, read: squared lengths, from parameter_norms.wgsl
// step        [STEP_PARAMETERS]   f32, read; step[1] is the slot
// control     the loss scale's state, uniform
// ring        [SLOTS, FIGURES]    f32, figures of one slot overwritten
// dispatch    [1]   one workgroup
// numerics    each lane sums every WORKGROUP_SIZE-th chunk, then a tree over lanes: no atomics, one order
override FIRST: u32;
override FIGURES: u32;
override WORKGROUP_SIZE: u32 = 256; // a power of two
struct Control { scale: f32, inv_scale: f32, finite: f32, good_steps: f32, skipped_steps: f32 }

@group(0) @binding(0) var<storage, read> partials: array<vec4f>;
@group(0) @binding(1) var<storage, read> step: array<f32>;
@group(0) @binding(2) var<uniform> control: Control;
@group(0) @binding(3) var<storage, read_write> ring: array<f32>;

var<workgroup> sums: array<vec4f, WORKGROUP_SIZE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = vec4f();
  for (var c = lane; c < arrayLength(&partials); c += WORKGROUP_SIZE) { sum += partials[c]; }
  sums[lane] = sum;
  for (var reach = WORKGROUP_SIZE / 2u; reach > 0u; reach /= 2u) {
    workgroupBarrier();
    if (lane < reach) { sums[lane] += sums[lane + reach]; }
  }
  if (lane != 0u) { return; }
  let norms = sqrt(sums[0]);
  let at = u32(step[1]) * FIGURES + FIRST;
  ring[at] = norms.x;
  ring[at + 1u] = norms.y;
  ring[at + 2u] = select(0.0, norms.w / norms.z, norms.z > 0.0);
  ring[at + 3u] = control.scale;
  ring[at + 4u] = control.skipped_steps;
}
