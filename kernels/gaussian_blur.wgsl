// gaussian_blur: one direction of a separable blur of each image, with the image's own taps; borders are padded with
// zeros.
//   y[n, p, c] = sum over k of taps[n, |k|] * x[n, p + k, c], k = -RADIUS ... RADIUS along rows or, with ALONG_COLUMNS,
//   columns. Images whose taps are 1, 0, 0 ... are not written: the caller's two passes, x -> y and y -> x, leave
//   their x as it is.
// taps        [ROWS, RADIUS + 1]   f32, read from row FIRST_ROW on: the weight of a pixel, then of its neighbours at distance 1, 2 ...
// x           [ROWS, PX, PX, 3]    f32, read
// y           [ROWS, PX, PX, 3]    f32, overwritten where the image is blurred
// dispatch    [ceil(ROWS*PX*PX*3 / WORKGROUP_SIZE)] folded into x and y; one invocation per element
// numerics    f32, taps in order from one end to the other; the taps themselves are made in float64
// reference   byol.md A7 (the official code's blur)
override ROWS: u32;
override FIRST_ROW: u32 = 0u; // of the table, where x is a part of all images
override PX: u32;
override RADIUS: u32;
override ALONG_COLUMNS: bool;
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> taps: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (i >= ROWS * PX * PX * 3u) { return; }
  let tap = (FIRST_ROW + i / (PX * PX * 3u)) * (RADIUS + 1u);
  if (taps[tap] == 1.0) { return; }
  let at = select((i / 3u) % PX, (i / (PX * 3u)) % PX, ALONG_COLUMNS);
  let stride = select(3u, PX * 3u, ALONG_COLUMNS);
  var sum = 0.0;
  for (var k = 0u; k <= 2u * RADIUS; k++) {
    let place = at + k; // of the tap, plus RADIUS
    if (place < RADIUS || place >= PX + RADIUS) { continue; }
    let distance = max(k, RADIUS) - min(k, RADIUS);
    sum = fma(taps[tap + distance], x[i + k * stride - RADIUS * stride], sum);
  }
  y[i] = sum;
}
