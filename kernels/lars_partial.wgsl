// lars_partial: the squared lengths that LARS's ratios are made of, of one chunk of one weight a workgroup.
//   partials[c] = (sum of w^2, sum of (inv_scale * g + WEIGHT_DECAY * w)^2) over the elements of chunk c
// weights, gradients   [elements / 4]   vec4 of f32, read
// chunks      [CHUNKS] of (first element, elements)   u32 pairs, read; a chunk begins at a multiple of 4, and elements
//             past its end, which may be in its last vector, do not count
// control     the loss scale's state, uniform; inv_scale undoes what the gradients' loss was multiplied by;
//             1 unless SCALED
// partials    [CHUNKS]         vec2 of f32, overwritten
// dispatch    [CHUNKS] folded into x and y
// numerics    four sums a lane, then a tree over lanes: no sum is of more than a few dozen terms, whatever the weight
// reference   arXiv 1708.03888; decay inside the norm as in BYOL's official optimiser
override WEIGHT_DECAY: f32;
override SCALED: bool = true; // the gradients are of a loss that was multiplied by the scale
override WORKGROUP_SIZE: u32 = 64; // a power of two
struct Control { scale: f32, inv_scale: f32, finite: f32 }

@group(0) @binding(0) var<storage, read> weights: array<vec4f>;
@group(0) @binding(1) var<storage, read> gradients: array<vec4f>;
@group(0) @binding(2) var<storage, read> chunks: array<vec2u>;
@group(0) @binding(3) var<uniform> control: Control;
@group(0) @binding(4) var<storage, read_write> partials: array<vec2f>;

var<workgroup> sums: array<vec2f, WORKGROUP_SIZE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let chunk = group.y * groups.x + group.x;
  if (chunk >= arrayLength(&chunks)) { return; }
  let first = chunks[chunk].x / 4u;
  let length = chunks[chunk].y;
  let inv_scale = select(1.0, control.inv_scale, SCALED);
  var w2 = vec4f();
  var g2 = vec4f();
  for (var i = lane * 4u; i < length; i += WORKGROUP_SIZE * 4u) {
    let inside = i + vec4u(0u, 1u, 2u, 3u) < vec4u(length);
    let w = select(vec4f(), weights[first + i / 4u], inside);
    let g = select(vec4f(), inv_scale * gradients[first + i / 4u] + WEIGHT_DECAY * w, inside);
    w2 = fma(w, w, w2);
    g2 = fma(g, g, g2);
  }
  sums[lane] = vec2f((w2.x + w2.y) + (w2.z + w2.w), (g2.x + g2.y) + (g2.z + g2.w));
  for (var reach = WORKGROUP_SIZE / 2u; reach > 0u; reach /= 2u) {
    workgroupBarrier();
    if (lane < reach) { sums[lane] += sums[lane + reach]; }
  }
  if (lane == 0u) { partials[chunk] = sums[0]; }
}
