// byol_loss: one row's loss and its gradient with respect to the prediction.
//   p^ = p / sqrt(max(|p|^2, EPSILON)), z^ likewise;  loss = |p^ - z^|^2
//   dp = scale * (2 / (N MICRO_BATCHES)) * ((p^ - z^) - p^ * <p^, p^ - z^>) / |p|    (of both directions' sum, the
//   mean over the images of all micro-batches of a step)
// prediction  [2N, D]   Elem, read: view 1's rows, then view 2's
// projection  [2N, D]   Elem, read: the target network's; a row of one view is compared with the other view's
// row_loss    [2N]      f32, overwritten
// d_prediction [2N, D]  Elem, overwritten
// control     the loss scale's state, uniform
// dispatch    [ceil(2N / WORKGROUP_SIZE)] folded into x and y; one invocation per row
// numerics    three loops of D rounds: Mesa's CPU driver goes through them all up to D = 21,845 (README.md, Loops); a config
//             allows 16,384
// reference   arXiv 2006.07733 eq. 2; EPSILON from the official code
alias Elem = f32;
override N: u32;
override D: u32;
override MICRO_BATCHES: u32 = 1;
override WORKGROUP_SIZE: u32 = 8;
const EPSILON: f32 = 1e-12;
struct Control { scale: f32, inv_scale: f32, finite: f32 }

@group(0) @binding(0) var<storage, read> prediction: array<Elem>;
@group(0) @binding(1) var<storage, read> projection: array<Elem>;
@group(0) @binding(2) var<storage, read_write> row_loss: array<f32>;
@group(0) @binding(3) var<storage, read_write> d_prediction: array<Elem>;
@group(0) @binding(4) var<uniform> control: Control;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let row = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (row >= 2u * N) { return; }
  let p = row * D;
  let z = ((row + N) % (2u * N)) * D;
  var p2 = 0.0;
  var z2 = 0.0;
  for (var i = 0u; i < D; i++) {
    let p_i = f32(prediction[p + i]);
    let z_i = f32(projection[z + i]);
    p2 = fma(p_i, p_i, p2);
    z2 = fma(z_i, z_i, z2);
  }
  let p_inv = 1.0 / sqrt(max(p2, EPSILON));
  let z_inv = 1.0 / sqrt(max(z2, EPSILON));
  var loss = 0.0;
  var along = 0.0; // <p^, p^ - z^>
  for (var i = 0u; i < D; i++) {
    let unit = f32(prediction[p + i]) * p_inv;
    let difference = unit - f32(projection[z + i]) * z_inv;
    loss = fma(difference, difference, loss);
    along = fma(unit, difference, along);
  }
  row_loss[row] = loss;
  // Under the clamp the length is constant, and the projection onto the sphere's tangent falls away.
  let tangent = select(0.0, along, p2 > EPSILON);
  for (var i = 0u; i < D; i++) {
    let unit = f32(prediction[p + i]) * p_inv;
    let difference = unit - f32(projection[z + i]) * z_inv;
    d_prediction[p + i] = Elem(control.scale * (2.0 / f32(N * MICRO_BATCHES)) * (difference - unit * tangent) * p_inv);
  }
}
