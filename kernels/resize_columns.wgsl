// resize_columns: the second pass of Pillow's bicubic resize, the output's rows from those of resize_rows, rounded to 8
// bits; then each channel's normalised value of that byte.
//   v = byte of ((HALF + sum over k of weight[p, k] * across[first[p] + k, q, c]) >> PRECISION_BITS)
//   y[FIRST + n, p, q, c] = levels[v, c]
// images      [N, 8]            u32, read: as in resize_rows.wgsl; words 3, 6 and 7
// taps        [..]              i32, read: for each output row its first row in `across`, then fixed-point weights
// across      [.., PX]          u32, read: a pixel a word: R, G << 8, B << 16
// levels      [256, 3]          f32, read: (v / 255 - mean) / std, made in float64
// first       [4]               u32, uniform: the place of image 0 in y; the rest is not read
// y           [at least first + N, PX, PX, 3]   Elem, N images overwritten
// dispatch    [ceil(PX * PX / WORKGROUP_SIZE) folded into x and y, N]; one invocation per pixel
// numerics    integers, and values that are looked up: bit for bit what src/data/preprocess.ts makes
override PX: u32;
override WORKGROUP_SIZE: u32 = 64;
const PRECISION_BITS: u32 = 22;
const HALF: i32 = 2097152; // of 2^PRECISION_BITS
alias Elem = f32;

@group(0) @binding(0) var<storage, read> images: array<u32>;
@group(0) @binding(1) var<storage, read> taps: array<i32>;
@group(0) @binding(2) var<storage, read> across: array<u32>;
@group(0) @binding(3) var<storage, read> levels: array<f32>;
@group(0) @binding(4) var<uniform> first: vec4u;
@group(0) @binding(5) var<storage, read_write> y: array<Elem>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let image = group.z * 8u;
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (i >= PX * PX) { return; }
  let count = images[image + 7u];
  let tap = images[image + 6u] + (i / PX) * (count + 1u);
  let rows = images[image + 2u];
  let start = u32(taps[tap]);
  var sum = vec3i(HALF);
  for (var k = 0u; k < count; k++) {
    // Past the image's last row there are only zeros to weigh with; the clamp keeps to its own pixels.
    let pixel = across[images[image + 3u] + min(start + k, rows - 1u) * PX + i % PX];
    sum += taps[tap + 1u + k] * vec3i(vec3u(pixel, pixel >> 8u, pixel >> 16u) & vec3u(255u));
  }
  let v = vec3u(clamp(sum >> vec3u(PRECISION_BITS), vec3i(0), vec3i(255)));
  let at = ((first.x + group.z) * PX * PX + i) * 3u;
  y[at] = Elem(levels[v.r * 3u]);
  y[at + 1u] = Elem(levels[v.g * 3u + 1u]);
  y[at + 2u] = Elem(levels[v.b * 3u + 2u]);
}
