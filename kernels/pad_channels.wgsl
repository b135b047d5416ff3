// pad_channels: y[row, c] = x[row, c] where c < X_C, else 0: channels added, or (Y_C < X_C) the last ones dropped.
// x           [ROWS, X_C]   Elem, read from element FIRST on
// y           [ROWS, Y_C]   Elem, overwritten
// dispatch    [ceil(ROWS * Y_C / WORKGROUP_SIZE)] folded into x and y
alias Elem = f32;
override LENGTH: u32; // ROWS * Y_C
override X_C: u32;
override Y_C: u32;
override FIRST: u32 = 0u;
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> x: array<Elem>;
@group(0) @binding(1) var<storage, read_write> y: array<Elem>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (i >= LENGTH) { return; }
  let c = i % Y_C;
  var value = Elem(0.0);
  if (c < X_C) { value = x[FIRST + i / Y_C * X_C + c]; }
  y[i] = value;
}
