// step_metrics: a micro-batch's figures, added to its step's slot of a ring that is read back every so many steps.
//   ring[slot, FIRST ...] = (the same if step[4] is not 0, else 0) + SHARE * figure, of
//   0, 1  the mean over N of the loss of view 1's predictions, and of view 2's
//   2     the mean over D of the standard deviation of the normalised projections z^ of view 1 (1/sqrt(D) when healthy,
//         0 when collapsed)
//   3     the mean cosine of two different images' projections of view 1: (|sum of z^|^2 - N) / (N (N - 1)); 0 if N = 1
//   4     the mean cosine of the online network's projection of view 1 and the target's of the same
//   5     the share of the DIM features that are dead
// row_loss    [2N]      f32, read
// projection  [2N, D]   Elem, read: the online network's
// target_projection  [2N, D]   Elem, read: the target's
// dead        [BLOCKS]  f32, read: how many features are dead, from dead_features.wgsl
// step        [STEP_PARAMETERS]   f32, read; step[1] is the slot, step[4] the micro-batch's number in its step
// inv_norm    [N]                 f32, scratch
// ring        [SLOTS, FIGURES]    f32, figures of one slot added to
// dispatch    [1]   one workgroup
// numerics    a lane's rows or dimensions in order, then a tree over lanes; deviations about the mean, in two passes
alias Elem = f32;
override N: u32;
override D: u32;
override DIM: u32;
override SHARE: f32; // 1 / micro-batches of a step
override FIRST: u32;
override FIGURES: u32;
override WORKGROUP_SIZE: u32 = 256; // with 64, loops of 8,192 images would be longer than a CPU driver goes through with
const EPSILON: f32 = 1e-12;

@group(0) @binding(0) var<storage, read> row_loss: array<f32>;
@group(0) @binding(1) var<storage, read> projection: array<Elem>;
@group(0) @binding(2) var<storage, read> target_projection: array<Elem>;
@group(0) @binding(3) var<storage, read> dead: array<f32>;
@group(0) @binding(4) var<storage, read> step: array<f32>;
@group(0) @binding(5) var<storage, read_write> inv_norm: array<f32>;
@group(0) @binding(6) var<storage, read_write> ring: array<f32>;

var<workgroup> sums: array<vec4f, WORKGROUP_SIZE>; // losses of view 1 and 2, deviations, squared means
var<workgroup> others: array<vec2f, WORKGROUP_SIZE>; // cosines with the target, dead features

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = vec4f();
  var other = vec2f();
  for (var n = lane; n < N; n += WORKGROUP_SIZE) {
    var squares = vec2f(); // of the online network's projection, and the target's
    var product = 0.0;
    for (var i = 0u; i < D; i++) {
      let v = vec2f(f32(projection[n * D + i]), f32(target_projection[n * D + i]));
      squares = fma(v, v, squares);
      product = fma(v.x, v.y, product);
    }
    let inv = 1.0 / sqrt(max(squares, vec2f(EPSILON)));
    inv_norm[n] = inv.x;
    other.x += product * inv.x * inv.y;
    sum.x += row_loss[n];
    sum.y += row_loss[N + n];
  }
  storageBarrier();
  for (var i = lane; i < D; i += WORKGROUP_SIZE) {
    var mean = 0.0;
    for (var n = 0u; n < N; n++) { mean += f32(projection[n * D + i]) * inv_norm[n]; }
    mean /= f32(N);
    var m2 = 0.0;
    for (var n = 0u; n < N; n++) {
      let deviation = f32(projection[n * D + i]) * inv_norm[n] - mean;
      m2 = fma(deviation, deviation, m2);
    }
    sum.z += sqrt(m2 / f32(max(N, 2u) - 1u));
    sum.w = fma(mean, mean, sum.w);
  }
  for (var b = lane; b < arrayLength(&dead); b += WORKGROUP_SIZE) { other.y += dead[b]; }
  sums[lane] = sum;
  others[lane] = other;
  for (var reach = WORKGROUP_SIZE / 2u; reach > 0u; reach /= 2u) {
    workgroupBarrier();
    if (lane < reach) {
      sums[lane] += sums[lane + reach];
      others[lane] += others[lane + reach];
    }
  }
  if (lane != 0u) { return; }
  let total = sums[0];
  let images = f32(N);
  add(0u, total.x / images);
  add(1u, total.y / images);
  add(2u, total.z / f32(D));
  add(3u, select(0.0, (images * total.w - 1.0) / max(images - 1.0, 1.0), N > 1u));
  add(4u, others[0].x / images);
  add(5u, others[0].y / f32(DIM));
}

fn add(figure: u32, value: f32) {
  let at = u32(step[1]) * FIGURES + FIRST + figure;
  ring[at] = select(ring[at], 0.0, step[4] == 0.0) + SHARE * value;
}
