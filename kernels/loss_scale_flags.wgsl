// loss_scale_flags: whether a gradient in a chunk of the flat buffer is infinite or not a number.
//   flags[first + c] = 1 if an element of chunk c, 16,384 of them, has all bits of its exponent set, else 0
// gradients   [length / 4]   vec4 of the f32s' bits, read; length is a multiple of 64
// first       u32, uniform: the place of this part's first flag
// flags       [FLAGS]        u32, overwritten from `first` on
// dispatch    [ceil(length / 16384)] folded into x and y
// numerics    bits, not floats: a compiler may take it that floats are never NaN
override WORKGROUP_SIZE: u32 = 64; // a power of two
const CHUNK: u32 = 4096; // in vectors
const EXPONENT = vec4u(0x7f800000u);

@group(0) @binding(0) var<storage, read> gradients: array<vec4u>;
@group(0) @binding(1) var<uniform> first: u32;
@group(0) @binding(2) var<storage, read_write> flags: array<u32>;

var<workgroup> largest: array<u32, WORKGROUP_SIZE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let chunk = group.y * groups.x + group.x;
  let length = arrayLength(&gradients);
  if (chunk * CHUNK >= length) { return; }
  let end = min((chunk + 1u) * CHUNK, length);
  var exponents = vec4u();
  for (var i = chunk * CHUNK + lane; i < end; i += WORKGROUP_SIZE) {
    exponents = max(exponents, gradients[i] & EXPONENT);
  }
  largest[lane] = max(max(exponents.x, exponents.y), max(exponents.z, exponents.w));
  for (var reach = WORKGROUP_SIZE / 2u; reach > 0u; reach /= 2u) {
    workgroupBarrier();
    if (lane < reach) { largest[lane] = max(largest[lane], largest[lane + reach]); }
  }
  if (lane == 0u) { flags[first + chunk] = select(0u, 1u, largest[0] == EXPONENT.x); }
}
