// loss_scale_update: what a step's gradients are to be divided by, whether they may be used, and the next step's scale.
//   inv_scale = 1 / scale;  finite = 1 if no flag is set, else 0
//   where finite: scale doubled, to MAX_SCALE at most, at every GROWTH_INTERVAL-th good step in a row;
//   else scale halved, to 1 at least, and the step counted as skipped
// flags       [FLAGS]   u32, read
// state       [8]       f32, updated in place: scale, inv_scale, finite, good_steps, skipped_steps, 0, 0, 0
// dispatch    [1]       one workgroup
// numerics    scale is a power of two, so that all of it is exact, its inverse taken by its exponent
// reference   torch.cuda.amp.GradScaler: growth factor 2, backoff factor 0.5; the bounds of the scale are ours
override GROWTH_INTERVAL: f32;
override MAX_SCALE: f32;
override WORKGROUP_SIZE: u32 = 64; // a power of two

@group(0) @binding(0) var<storage, read> flags: array<u32>;
@group(0) @binding(1) var<storage, read_write> state: array<f32>;

var<workgroup> seen: array<u32, WORKGROUP_SIZE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(local_invocation_index) lane: u32) {
  var any_set = 0u;
  for (var i = lane; i < arrayLength(&flags); i += WORKGROUP_SIZE) { any_set |= flags[i]; }
  seen[lane] = any_set;
  for (var reach = WORKGROUP_SIZE / 2u; reach > 0u; reach /= 2u) {
    workgroupBarrier();
    if (lane < reach) { seen[lane] |= seen[lane + reach]; }
  }
  if (lane != 0u) { return; }
  let scale = state[0];
  state[1] = bitcast<f32>(0x7f000000u - bitcast<u32>(scale));
  if (seen[0] != 0u) {
    state[0] = max(scale * 0.5, 1.0);
    state[2] = 0.0;
    state[3] = 0.0;
    state[4] += 1.0;
    return;
  }
  let good = state[3] + 1.0;
  let grows = good >= GROWTH_INTERVAL;
  state[0] = select(scale, min(scale * 2.0, MAX_SCALE), grows);
  state[2] = 1.0;
  state[3] = select(good, 0.0, grows);
}
