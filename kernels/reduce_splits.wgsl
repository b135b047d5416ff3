// reduce_splits: total[i] += sum over z of partial[z, i], in the order of z.
// partial     [SPLITS, LENGTH]   f32, read
// total       [LENGTH]           f32, added to: a parameter's gradient accumulates
// dispatch    [ceil(LENGTH / WORKGROUP_SIZE)]
override SPLITS: u32;
override LENGTH: u32;
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> partial: array<f32>;
@group(0) @binding(1) var<storage, read_write> total: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= LENGTH) { return; }
  var sum = 0.0;
  for (var z = 0u; z < SPLITS; z++) { sum += partial[z * LENGTH + id.x]; }
  total[id.x] += sum;
}
