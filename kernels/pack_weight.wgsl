// pack_weight: lay some taps of a filter bank out for conv2d's kernels, in panels of 16 output channels, as Elem: the working
// copy of a master weight.
//   SWAP = false (output):          packed[k / 16, (a, b), c, k % 16] = weight[k, r(a), s(b), c]
//   SWAP = true (input gradient):   packed[c / 16, (a, b), k, c % 16] = weight[k, r(a), s(b), c]
//   r(a) = R_FIRST + a * STEP, s(b) = S_FIRST + b * STEP; zeros stand where k or c is past its end
// weight      [K, R, S, C]                             f32, read
// packed      [panels, TAPS_R, TAPS_S, INPUTS, 16]     Elem, overwritten
// dispatch    [ceil(elements of packed / WORKGROUP_SIZE)] folded into x and y
alias Elem = f32;
override K: u32;
override R: u32;
override S: u32;
override C: u32;
override INPUTS: u32; // C, or K where SWAP; or more, to be a multiple of four
override TAPS_R: u32;
override TAPS_S: u32;
override R_FIRST: u32 = 0;
override S_FIRST: u32 = 0;
override STEP: u32 = 1;
override SWAP: bool = false;
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> weight: array<f32>;
@group(0) @binding(1) var<storage, read_write> packed: array<Elem>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let at = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  let outputs = select(K, C, SWAP);
  if (at >= (outputs + 15u) / 16u * TAPS_R * TAPS_S * INPUTS * 16u) { return; }
  let i = (at / 16u) % INPUTS;
  let tap = (at / (16u * INPUTS)) % (TAPS_R * TAPS_S);
  let o = at / (16u * INPUTS * TAPS_R * TAPS_S) * 16u + at % 16u;
  let k = select(o, i, SWAP);
  let c = select(i, o, SWAP);
  let r = R_FIRST + tap / TAPS_S * STEP;
  let s = S_FIRST + tap % TAPS_S * STEP;
  var value = 0.0;
  if (k < K && c < C) { value = weight[((k * R + r) * S + s) * C + c]; }
  packed[at] = Elem(value);
}
