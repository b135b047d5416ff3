// color_augment: colour jitter and grayscale of each image, in place; values stay in [0, 1].
//   jitter: four operations in the image's own order, the result clipped to [0, 1] after each:
//     0 brightness  v + delta          1 contrast  (v - m) * factor + m, m the channel's mean over the image then
//     2 saturation  HSV's S * factor, S clipped to [0, 1]      3 hue  HSV's H + delta, in turns
//   grayscale: 0.2989 R + 0.5870 G + 0.1140 B in every channel
// colors      [ROWS, 8]            f32, read from row FIRST_ROW on: jitter (0 or 1), order (the k-th operation in bits 2k, 2k + 1),
//                                  brightness delta, contrast factor, saturation factor, hue delta, gray; word 7 is not read here
// x           [ROWS, PIXELS, 3]    f32, read and overwritten
// dispatch    [ROWS] folded into x and y; one workgroup per image
// numerics    a lane's pixels are summed in order, then the lanes': two runs on one device agree bit for bit
// reference   byol.md A7 (the official augmentation code)
override ROWS: u32;
override FIRST_ROW: u32 = 0u; // of the table, where x is a part of all images
override PIXELS: u32;
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> colors: array<f32>;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;

var<workgroup> sums: array<vec3f, WORKGROUP_SIZE>;

const CONTRAST: u32 = 1u;

fn load(i: u32) -> vec3f { return vec3f(x[i * 3u], x[i * 3u + 1u], x[i * 3u + 2u]); }

fn store(i: u32, v: vec3f) {
  x[i * 3u] = v.r;
  x[i * 3u + 1u] = v.g;
  x[i * 3u + 2u] = v.b;
}

fn clip(v: vec3f) -> vec3f { return clamp(v, vec3f(0.0), vec3f(1.0)); }

// [H in turns, S, V]; H is 0 where there is no colour.
fn to_hsv(v: vec3f) -> vec3f {
  let high = max(v.r, max(v.g, v.b));
  let range = high - min(v.r, min(v.g, v.b));
  if (range <= 0.0) { return vec3f(0.0, 0.0, high); }
  var sixths = (v.r - v.g) / range + 4.0;
  if (high == v.r) {
    sixths = (v.g - v.b) / range;
  } else if (high == v.g) {
    sixths = (v.b - v.r) / range + 2.0;
  }
  return vec3f(fract(sixths / 6.0), range / high, high);
}

fn from_hsv(hsv: vec3f) -> vec3f {
  let sixths = fract(hsv.x) * 6.0;
  let pure = clip(vec3f(abs(sixths - 3.0) - 1.0, 2.0 - abs(sixths - 2.0), 2.0 - abs(sixths - 4.0)));
  return hsv.z * (1.0 - hsv.y * (1.0 - pure));
}

fn operate(operation: u32, c: u32, v: vec3f, mean: vec3f) -> vec3f {
  if (operation == 0u) { return clip(v + colors[c + 2u]); }
  if (operation == CONTRAST) { return clip((v - mean) * colors[c + 3u] + mean); }
  var hsv = to_hsv(v);
  if (operation == 2u) {
    hsv.y = clamp(hsv.y * colors[c + 4u], 0.0, 1.0);
  } else {
    hsv.x += colors[c + 5u];
  }
  return clip(from_hsv(hsv));
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let row = group.y * groups.x + group.x;
  if (row >= ROWS) { return; }
  let c = (FIRST_ROW + row) * 8u;
  let first = row * PIXELS;
  let jitter = colors[c] == 1.0;
  let order = u32(colors[c + 1u]);
  // Only contrast needs the whole image: what stands before it is done first, what stands after it afterwards.
  var position = 0u;
  for (var k = 0u; k < 4u; k++) {
    if (((order >> (2u * k)) & 3u) == CONTRAST) { position = k; }
  }
  var sum = vec3f(0.0);
  if (jitter) {
    for (var p = lane; p < PIXELS; p += WORKGROUP_SIZE) {
      var v = load(first + p);
      for (var k = 0u; k < position; k++) { v = operate((order >> (2u * k)) & 3u, c, v, vec3f(0.0)); }
      if (position > 0u) { store(first + p, v); }
      sum += v;
    }
  }
  sums[lane] = sum;
  workgroupBarrier();
  var mean = vec3f(0.0);
  for (var l = 0u; l < WORKGROUP_SIZE; l++) { mean += sums[l]; }
  mean /= f32(PIXELS);
  for (var p = lane; p < PIXELS; p += WORKGROUP_SIZE) {
    var v = load(first + p);
    if (jitter) {
      for (var k = position; k < 4u; k++) { v = operate((order >> (2u * k)) & 3u, c, v, mean); }
    }
    if (colors[c + 6u] == 1.0) { v = vec3f(dot(v, vec3f(0.2989, 0.5870, 0.1140))); }
    store(first + p, v);
  }
}
