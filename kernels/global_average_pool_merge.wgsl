// global_average_pool_merge: y[n, c] = sum over the chunks of an image, made by global_average_pool_partial.wgsl, / PIXELS.
// sums        [N, CHUNKS, C]   f32, read
// y           [N, C]           Elem, overwritten, from vector FIRST on
// dispatch    [ceil(N * VECTORS / WORKGROUP_SIZE)] folded into x and y
// numerics    by sixteens, as global_average_pool.wgsl
alias Elem = f32;
alias Elems = vec4<Elem>;
alias Floats = vec4f;
override N: u32;
override PIXELS: u32;
override VECTORS: u32; // of a pixel: C / 4, or C
override CHUNKS: u32;
override FIRST: u32 = 0u;
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> sums: array<Floats>;
@group(0) @binding(1) var<storage, read_write> y: array<Elems>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (i >= N * VECTORS) { return; }
  let base = (i / VECTORS) * CHUNKS * VECTORS + i % VECTORS;
  var sum = Floats();
  for (var start = 0u; start < CHUNKS; start += 16u) {
    var sixteen = Floats();
    for (var z = start; z < min(start + 16u, CHUNKS); z++) { sixteen += sums[base + z * VECTORS]; }
    sum += sixteen;
  }
  y[FIRST + i] = Elems(sum / f32(PIXELS));
}
