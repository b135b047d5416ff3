// batch_norm_partial: mean and squared deviations of one chunk of rows, by channel and statistics group (view).
//   partial_mean[g, z, c] = mean of x over the chunk;  partial_m2[g, z, c] = sum of (x - that mean)^2
// x             [GROUPS, ROWS, C]     Elem, read; a row is a pixel of an image
// partial_mean  [GROUPS, CHUNKS, C]   f32, overwritten, from chunk FIRST_CHUNK on: x may be a part of all rows
// partial_m2    [GROUPS, CHUNKS, C]   f32, likewise
// dispatch      [ceil(GROUPS * CHUNKS * VECTORS / WORKGROUP_SIZE)] folded into x and y; an invocation takes a chunk's vector
// numerics      eight rows at a time: their mean, their deviations from it, and both merged into those of the rows before
//               (Chan, Golub & LeVeque 1979): one load each, and no cancellation, as E[x^2] - E[x]^2 would have
alias Elem = f32;
alias Elems = vec4<Elem>;
alias Floats = vec4f;
override GROUPS: u32;
override ROWS: u32;
override VECTORS: u32; // of a row: C / 4, or C
override CHUNKS: u32;
override ROWS_PER_CHUNK: u32;
override FIRST_CHUNK: u32 = 0u;
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> x: array<Elems>;
@group(0) @binding(1) var<storage, read_write> partial_mean: array<Floats>;
@group(0) @binding(2) var<storage, read_write> partial_m2: array<Floats>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let thread = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (thread >= GROUPS * CHUNKS * VECTORS) { return; }
  let chunk = thread / VECTORS; // of all groups'
  let first = chunk % CHUNKS * ROWS_PER_CHUNK;
  let last = min(first + ROWS_PER_CHUNK, ROWS);
  let base = chunk / CHUNKS * ROWS * VECTORS + thread % VECTORS;
  var mean = Floats();
  var m2 = Floats();
  var row = first;
  for (; row + 8u <= last; row += 8u) {
    let at = base + row * VECTORS;
    let x0 = Floats(x[at]);
    let x1 = Floats(x[at + VECTORS]);
    let x2 = Floats(x[at + 2u * VECTORS]);
    let x3 = Floats(x[at + 3u * VECTORS]);
    let x4 = Floats(x[at + 4u * VECTORS]);
    let x5 = Floats(x[at + 5u * VECTORS]);
    let x6 = Floats(x[at + 6u * VECTORS]);
    let x7 = Floats(x[at + 7u * VECTORS]);
    let centre = (((x0 + x1) + (x2 + x3)) + ((x4 + x5) + (x6 + x7))) * 0.125;
    m2 += (((x0 - centre) * (x0 - centre) + (x1 - centre) * (x1 - centre)) +
           ((x2 - centre) * (x2 - centre) + (x3 - centre) * (x3 - centre))) +
          (((x4 - centre) * (x4 - centre) + (x5 - centre) * (x5 - centre)) +
           ((x6 - centre) * (x6 - centre) + (x7 - centre) * (x7 - centre)));
    let before = f32(row - first);
    let share = 8.0 / (before + 8.0);
    let apart = centre - mean;
    mean += apart * share;
    m2 += apart * apart * (before * share);
  }
  for (; row < last; row++) {
    let value = Floats(x[base + row * VECTORS]);
    let apart = value - mean;
    mean += apart / f32(row - first + 1u);
    m2 += apart * (value - mean);
  }
  partial_mean[FIRST_CHUNK * VECTORS + thread] = mean;
  partial_m2[FIRST_CHUNK * VECTORS + thread] = m2;
}
