// byol_loss: one row's loss and its gradient with respect to the prediction.
//   p^ = p / sqrt(max(|p|^2, EPSILON)), z^ likewise;  loss = |p^ - z^|^2
//   dp = (2 / N) * ((p^ - z^) - p^ * <p^, p^ - z^>) / |p|    (the mean over N images of both directions' sum)
// prediction  [2N, D]   f32, read: view 1's rows, then view 2's
// projection  [2N, D]   f32, read: the target network's; a row of one view is compared with the other view's
// row_loss    [2N]      f32, overwritten
// d_prediction [2N, D]  f32, overwritten
// dispatch    [ceil(2N / WORKGROUP_SIZE)]   one invocation per row
// reference   arXiv 2006.07733 eq. 2; EPSILON from the official code
override N: u32;
override D: u32;
override WORKGROUP_SIZE: u32 = 8;
const EPSILON: f32 = 1e-12;

@group(0) @binding(0) var<storage, read> prediction: array<f32>;
@group(0) @binding(1) var<storage, read> projection: array<f32>;
@group(0) @binding(2) var<storage, read_write> row_loss: array<f32>;
@group(0) @binding(3) var<storage, read_write> d_prediction: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let row = id.x;
  if (row >= 2u * N) { return; }
  let p = row * D;
  let z = ((row + N) % (2u * N)) * D;
  var p2 = 0.0;
  var z2 = 0.0;
  for (var i = 0u; i < D; i++) {
    p2 = fma(prediction[p + i], prediction[p + i], p2);
    z2 = fma(projection[z + i], projection[z + i], z2);
  }
  let p_inv = 1.0 / sqrt(max(p2, EPSILON));
  let z_inv = 1.0 / sqrt(max(z2, EPSILON));
  var loss = 0.0;
  var along = 0.0; // <p^, p^ - z^>
  for (var i = 0u; i < D; i++) {
    let unit = prediction[p + i] * p_inv;
    let difference = unit - projection[z + i] * z_inv;
    loss = fma(difference, difference, loss);
    along = fma(unit, difference, along);
  }
  row_loss[row] = loss;
  // Under the clamp the length is constant, and the projection onto the sphere's tangent falls away.
  let tangent = select(0.0, along, p2 > EPSILON);
  for (var i = 0u; i < D; i++) {
    let unit = prediction[p + i] * p_inv;
    let difference = unit - projection[z + i] * z_inv;
    d_prediction[p + i] = 2.0 / f32(N) * (difference - unit * tangent) * p_inv;
  }
}
