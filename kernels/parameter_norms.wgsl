// parameter_norms: the squared lengths that a step's norms are made of, of one chunk of one parameter a workgroup.
//   partials[first + c] = (sum of (inv_scale * g)^2, sum of w^2, sum of w^2, sum of (w - t)^2) over the elements of
//   chunk c; the last two are 0 where the target has no such parameter
// gradients, weights, target_values   [elements / 4]   vec4 of f32, read; the last only where SHARED
// chunks      [ALL] of (first element, elements)   u32 pairs, read; a chunk begins at a multiple of 4, and elements
//             past its end, which may be in its last vector, do not count
// window      uniform: the place of this part's first chunk, and how many it has
// control     the loss scale's state, uniform; inv_scale undoes what the gradients' loss was multiplied by
// partials    [ALL]            vec4 of f32, overwritten from `first` on
// dispatch    [count] folded into x and y
// numerics    four sums a lane, then a tree over lanes; chunks follow from the parameters, not from what a binding
//             holds; scaled gradients are scaled back before they are squared, which would overflow
override SHARED: bool;
override WORKGROUP_SIZE: u32 = 64; // a power of two
struct Control { scale: f32, inv_scale: f32, finite: f32 }

@group(0) @binding(0) var<storage, read> gradients: array<vec4f>;
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read> target_values: array<vec4f>;
@group(0) @binding(3) var<storage, read> chunks: array<vec2u>;
@group(0) @binding(4) var<uniform> window: vec2u;
@group(0) @binding(5) var<uniform> control: Control;
@group(0) @binding(6) var<storage, read_write> partials: array<vec4f>;

var<workgroup> sums: array<vec4f, WORKGROUP_SIZE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let c = group.y * groups.x + group.x;
  if (c >= window.y) { return; }
  let first = chunks[window.x + c].x / 4u;
  let length = chunks[window.x + c].y;
  var g2 = vec4f();
  var w2 = vec4f();
  var d2 = vec4f();
  for (var i = lane * 4u; i < length; i += WORKGROUP_SIZE * 4u) {
    let inside = i + vec4u(0u, 1u, 2u, 3u) < vec4u(length);
    let g = select(vec4f(), control.inv_scale * gradients[first + i / 4u], inside);
    let w = select(vec4f(), weights[first + i / 4u], inside);
    g2 = fma(g, g, g2);
    w2 = fma(w, w, w2);
    if (SHARED) {
      let d = w - select(vec4f(), target_values[first + i / 4u], inside);
      d2 = fma(d, d, d2);
    }
  }
  let w_sum = (w2.x + w2.y) + (w2.z + w2.w);
  sums[lane] = vec4f((g2.x + g2.y) + (g2.z + g2.w), w_sum, select(0.0, w_sum, SHARED), (d2.x + d2.y) + (d2.z + d2.w));
  for (var reach = WORKGROUP_SIZE / 2u; reach > 0u; reach /= 2u) {
    workgroupBarrier();
    if (lane < reach) { sums[lane] += sums[lane + reach]; }
  }
  if (lane == 0u) { partials[window.x + c] = sums[0]; }
}
