// bias_gradient: d_bias[k] += sum over n of dy[n, k], in the order of n.
// dy          [N, K]   Elem, read
// d_bias      [K]      f32, added to: a parameter's gradient accumulates
// dispatch    [ceil(K / WORKGROUP_SIZE)]
alias Elem = f32;
override N: u32;
override K: u32;
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> dy: array<Elem>;
@group(0) @binding(1) var<storage, read_write> d_bias: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= K) { return; }
  var sum = 0.0;
  for (var n = 0u; n < N; n++) { sum += f32(dy[n * K + id.x]); }
  d_bias[id.x] += sum;
}
