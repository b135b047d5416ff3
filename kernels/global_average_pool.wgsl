// global_average_pool: y[n, c] = mean over the PIXELS of an image.
// x           [N, PIXELS, C]   Elem, read
// y           [N, C]           Elem, overwritten
// dispatch    [ceil(N * C / WORKGROUP_SIZE)]
alias Elem = f32;
override N: u32;
override PIXELS: u32;
override C: u32;
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> x: array<Elem>;
@group(0) @binding(1) var<storage, read_write> y: array<Elem>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= N * C) { return; }
  let base = (id.x / C) * PIXELS * C + id.x % C;
  var sum = 0.0;
  for (var p = 0u; p < PIXELS; p++) { sum += f32(x[base + p * C]); }
  y[id.x] = Elem(sum / f32(PIXELS));
}
