// pack_weight: lay a filter bank out for conv2d.wgsl, in panels of the 16 channels that an invocation makes.
//   SWAP = false (output):          packed[k / 16, tap, c, k % 16] = weight[k, tap, c]
//   SWAP = true (input gradient):   packed[c / 16, tap, k, c % 16] = weight[k, tap, c]
//   where k or c past its end fills the last panel up with zeros
// weight      [K, TAPS, C]                   f32, read
// packed      [panels, TAPS, C or K, 16]     f32, overwritten
// dispatch    [ceil(elements of packed / WORKGROUP_SIZE)] folded into x and y
override K: u32;
override TAPS: u32;
override C: u32;
override SWAP: bool = false;
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> weight: array<f32>;
@group(0) @binding(1) var<storage, read_write> packed: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let at = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  let inner = select(K, C, SWAP);
  let outer = select(C, K, SWAP);
  if (at >= (inner + 15u) / 16u * TAPS * outer * 16u) { return; }
  let o = (at / 16u) % outer;
  let tap = (at / (16u * outer)) % TAPS;
  let i = at / (16u * outer * TAPS) * 16u + at % 16u;
  let k = select(i, o, SWAP);
  let c = select(o, i, SWAP);
  var value = 0.0;
  if (i < inner) { value = weight[(k * TAPS + tap) * C + c]; }
  packed[at] = value;
}
