// reduce_splits: total[k, rs, c] += sum over z of partial[z, k, rs, c], in the order of z.
// partial     [SPLITS, at least K, RS, C_PADDED]   f32, read; of one split SPLIT_LENGTH elements
// total       [K, RS, C]                           f32, added to: a parameter's gradient accumulates
// dispatch    [ceil(LENGTH / WORKGROUP_SIZE)] folded into x and y
override SPLITS: u32;
override SPLIT_LENGTH: u32;
override LENGTH: u32; // K * RS * C
override C: u32;
override C_PADDED: u32;
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> partial: array<f32>;
@group(0) @binding(1) var<storage, read_write> total: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (i >= LENGTH) { return; }
  var at = i / C * C_PADDED + i % C;
  var sum = 0.0;
  for (var z = 0u; z < SPLITS; z++) {
    sum += partial[at];
    at += SPLIT_LENGTH;
  }
  total[i] += sum;
}
