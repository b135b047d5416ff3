// global_average_pool: y[n, c] = mean over the PIXELS of an image.
// x           [N, PIXELS, C]   Elem, read
// y           [N, C]           Elem, overwritten, from vector FIRST on
// dispatch    [ceil(N * VECTORS / WORKGROUP_SIZE)] folded into x and y
// numerics    by sixteens, since one long sum of what a rectifier made rounds one way
alias Elem = f32;
alias Elems = vec4<Elem>;
alias Floats = vec4f;
override N: u32;
override PIXELS: u32;
override VECTORS: u32; // of a pixel: C / 4, or C
override FIRST: u32 = 0u;
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> x: array<Elems>;
@group(0) @binding(1) var<storage, read_write> y: array<Elems>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (i >= N * VECTORS) { return; }
  let base = (i / VECTORS) * PIXELS * VECTORS + i % VECTORS;
  var sum = Floats();
  for (var start = 0u; start < PIXELS; start += 16u) {
    var sixteen = Floats();
    for (var p = start; p < min(start + 16u, PIXELS); p++) { sixteen += Floats(x[base + p * VECTORS]); }
    sum += sixteen;
  }
  y[FIRST + i] = Elems(sum / f32(PIXELS));
}
