// crop_resize: cut a rectangle out of each image, resize it to PX by PX (bicubic, a = -0.5, half-pixel centres, no
// antialiasing), flip it where asked, and clip to [0, 1].
//   Taps outside the rectangle are dropped and the others' weights renormalised, as the official code's resize does.
// pixels      [BYTES / 4]          u32, read: images as 8-bit RGB, row-major, packed; little-endian bytes
// crops       [ROWS, 8]            u32, read from row FIRST_ROW on: byte offset, image width, image height, left, top, width, height, flip
// y           [ROWS, PX, PX, 3]    f32, overwritten; in [0, 1]
// dispatch    [ceil(ROWS*PX*PX / WORKGROUP_SIZE)] folded into x and y; one invocation per pixel
// numerics    a tap's distance is exact but for one rounding; 16 products a value, rows first
// reference   Keys, "Cubic convolution interpolation for digital image processing", 1981
override ROWS: u32;
override FIRST_ROW: u32 = 0u; // of the table, where y is a part of all images
override PX: u32;
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> pixels: array<u32>;
@group(0) @binding(1) var<storage, read> crops: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

struct Taps {
  first: i32,
  weights: vec4f,
}

// Keys' kernel at the four taps around the centre of pixel `at` of PX among `extent` source pixels, those outside dropped.
fn taps(at: u32, extent: u32) -> Taps {
  // The place, (at + 1/2) * extent / PX - 1/2, is whole + (beyond - 2 PX) / (2 PX). Taken apart in whole numbers, its
  // fraction is as good in an image of thousands of pixels as in a small one, and extent * PX cannot overflow.
  let halves = (2u * at + 1u) * (extent / PX);
  let beyond = (halves & 1u) * PX + (2u * at + 1u) * (extent % PX) + PX;
  let first = i32(halves / 2u + beyond / (2u * PX)) - 2;
  let t = f32(beyond % (2u * PX)) / f32(2u * PX);
  let near = vec2f(t, 1.0 - t);
  let far = near + 1.0;
  let inner = (1.5 * near - 2.5) * near * near + 1.0;
  let outer = ((-0.5 * far + 2.5) * far - 4.0) * far + 2.0;
  var weights = vec4f(outer.x, inner.x, inner.y, outer.y);
  for (var k = 0; k < 4; k++) {
    let tap = first + k;
    if (tap < 0 || tap >= i32(extent)) { weights[k] = 0.0; }
  }
  return Taps(first, weights / (weights.x + weights.y + weights.z + weights.w));
}

// The three bytes from `at` on, in [0, 255].
fn pixel_at(at: u32) -> vec3f {
  let word = at >> 2u;
  let shift = (at & 3u) * 8u;
  var bits = pixels[word] >> shift;
  if (shift > 8u) { bits |= pixels[word + 1u] << (32u - shift); }
  return vec3f(vec3u(bits, bits >> 8u, bits >> 16u) & vec3u(255u));
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (i >= ROWS * PX * PX) { return; }
  let row = i / (PX * PX);
  let out_y = (i / PX) % PX;
  let out_x = i % PX;
  let crop = (FIRST_ROW + row) * 8u;
  let offset = crops[crop];
  let image_width = crops[crop + 1u];
  let left = crops[crop + 3u];
  let top = crops[crop + 4u];
  let width = crops[crop + 5u];
  let height = crops[crop + 6u];
  let source_x = select(out_x, PX - 1u - out_x, crops[crop + 7u] == 1u);
  let across = taps(source_x, width);
  let down = taps(out_y, height);
  var colour = vec3f(0.0);
  for (var r = 0; r < 4; r++) {
    let line = top + u32(clamp(down.first + r, 0, i32(height) - 1));
    var sum = vec3f(0.0);
    for (var s = 0; s < 4; s++) {
      let column = left + u32(clamp(across.first + s, 0, i32(width) - 1));
      let at = offset + (line * image_width + column) * 3u;
      sum += across.weights[s] * pixel_at(at);
    }
    colour += down.weights[r] * sum;
  }
  colour = clamp(colour / 255.0, vec3f(0.0), vec3f(1.0));
  y[i * 3u] = colour.r;
  y[i * 3u + 1u] = colour.g;
  y[i * 3u + 2u] = colour.b;
}
