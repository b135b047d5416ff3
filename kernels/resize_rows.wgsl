// resize_rows: the first pass of Pillow's bicubic resize: each source row at the output's columns, rounded to 8 bits.
//   across[r, q, c] = byte of ((HALF + sum over k of weight[q, k] * pixels[r, first[q] + k, c]) >> PRECISION_BITS)
// pixels      [BYTES / 4]       u32, read: the images' rows that count, as packed 8-bit RGB; little-endian bytes
// images      [N, 8]            u32, read: first byte, width, rows, place in `across`, first tap and taps of a column,
//                               first tap and taps of a row
// taps        [..]              i32, read: for each output column its first source column, then fixed-point weights
// across      [.., PX]          u32, overwritten: each image's rows, a pixel a word: R, G << 8, B << 16
// dispatch    [ceil(most rows * PX / WORKGROUP_SIZE) folded into x and y, N]; one invocation per pixel
// numerics    integers: byte for byte what src/data/resize.ts makes, which is what Pillow makes
override PX: u32;
override WORKGROUP_SIZE: u32 = 64;
const PRECISION_BITS: u32 = 22;
const HALF: i32 = 2097152; // of 2^PRECISION_BITS

@group(0) @binding(0) var<storage, read> pixels: array<u32>;
@group(0) @binding(1) var<storage, read> images: array<u32>;
@group(0) @binding(2) var<storage, read> taps: array<i32>;
@group(0) @binding(3) var<storage, read_write> across: array<u32>;

fn byte_at(at: u32) -> i32 {
  return i32((pixels[at >> 2u] >> ((at & 3u) * 8u)) & 255u);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let image = group.z * 8u;
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (i >= images[image + 2u] * PX) { return; }
  let count = images[image + 5u];
  let tap = images[image + 4u] + (i % PX) * (count + 1u);
  var at = images[image] + ((i / PX) * images[image + 1u] + u32(taps[tap])) * 3u;
  var sum = vec3i(HALF);
  for (var k = 1u; k <= count; k++) {
    // Rows of taps are filled up with zeros: what they read, here or past the image, does not matter.
    sum += taps[tap + k] * vec3i(byte_at(at), byte_at(at + 1u), byte_at(at + 2u));
    at += 3u;
  }
  let colour = vec3u(clamp(sum >> vec3u(PRECISION_BITS), vec3i(0), vec3i(255)));
  across[images[image + 3u] + i] = colour.r | (colour.g << 8u) | (colour.b << 16u);
}
