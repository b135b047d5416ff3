// pack_weight: lay a filter bank out for conv2d.wgsl, whose innermost axis is the one it makes.
//   SWAP = false (output):          packed[tap, c, k] = weight[k, tap, c]
//   SWAP = true (input gradient):   packed[tap, k, c] = weight[k, tap, c]
//   where k or c past its end fills up to a multiple of 16 with zeros
// weight      [K, TAPS, C]               f32, read
// packed      [TAPS, C or K, padded]     f32, overwritten
// dispatch    [ceil(elements of packed / WORKGROUP_SIZE)]
override K: u32;
override TAPS: u32;
override C: u32;
override SWAP: bool = false;
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> weight: array<f32>;
@group(0) @binding(1) var<storage, read_write> packed: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let inner = select(K, C, SWAP);
  let outer = select(C, K, SWAP);
  let padded = (inner + 15u) / 16u * 16u;
  if (id.x >= TAPS * outer * padded) { return; }
  let i = id.x % padded;
  let o = (id.x / padded) % outer;
  let tap = id.x / (padded * outer);
  let k = select(i, o, SWAP);
  let c = select(o, i, SWAP);
  var value = 0.0;
  if (i < inner) { value = weight[(k * TAPS + tap) * C + c]; }
  packed[id.x] = value;
}
