// relu_backward: dx = dy where y > 0, else 0.
// y, dy, dx   [LENGTH]   Elem, read; dx is overwritten
// dispatch    [ceil(LENGTH / (4 * WORKGROUP_SIZE))] folded into x and y; four elements an invocation
alias Elem = f32;
override LENGTH: u32;
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> y: array<Elem>;
@group(0) @binding(1) var<storage, read> dy: array<Elem>;
@group(0) @binding(2) var<storage, read_write> dx: array<Elem>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let first = (group.y * groups.x + group.x) * WORKGROUP_SIZE * 4u + lane;
  for (var e = 0u; e < 4u; e++) {
    let i = first + e * WORKGROUP_SIZE;
    if (i >= LENGTH) { return; }
    dx[i] = select(Elem(), dy[i], y[i] > Elem());
  }
}
