// global_average_pool_partial: sums[n, z, c] = sum over chunk z of an image's PIXELS, where they are too many for one sum.
// x           [N, PIXELS, C]   Elem, read
// sums        [N, CHUNKS, C]   f32, overwritten
// dispatch    [ceil(N * CHUNKS * VECTORS / WORKGROUP_SIZE)] folded into x and y; an invocation takes a chunk's vector
// numerics    by sixteens, as global_average_pool.wgsl
alias Elem = f32;
alias Elems = vec4<Elem>;
alias Floats = vec4f;
override N: u32;
override PIXELS: u32;
override VECTORS: u32; // of a pixel: C / 4, or C
override CHUNKS: u32;
override PIXELS_PER_CHUNK: u32; // a multiple of 16
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> x: array<Elems>;
@group(0) @binding(1) var<storage, read_write> sums: array<Floats>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (i >= N * CHUNKS * VECTORS) { return; }
  let chunk = i / VECTORS; // of all images'
  let first = chunk % CHUNKS * PIXELS_PER_CHUNK;
  let last = min(first + PIXELS_PER_CHUNK, PIXELS);
  let base = chunk / CHUNKS * PIXELS * VECTORS + i % VECTORS;
  var sum = Floats();
  for (var start = first; start < last; start += 16u) {
    var sixteen = Floats();
    for (var p = start; p < min(start + 16u, last); p++) { sixteen += Floats(x[base + p * VECTORS]); }
    sum += sixteen;
  }
  sums[i] = sum;
}
