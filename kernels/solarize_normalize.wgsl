// solarize_normalize: what ends a view's augmentation: solarisation where it was drawn, clipping, normalisation.
//   v = x[n, p, c];  v = v >= 0.5 ? 1 - v : v, if image n is solarised;  y[n, p, c] = (clamp(v, 0, 1) - MEAN) / STD
// colors      [ROWS, 8]            f32, read from row FIRST_ROW on: word 7 is 1 for the images to solarise
// x           [ROWS, PIXELS, 3]    f32, read
// y           [ROWS, PIXELS, 3]    Elem, overwritten
// dispatch    [ceil(ROWS*PIXELS / WORKGROUP_SIZE)] folded into x and y; one invocation per pixel
// reference   byol.md A7 (the official augmentation code)
alias Elem = f32;
override ROWS: u32;
override FIRST_ROW: u32 = 0u; // of the table, where x is a part of all images
override PIXELS: u32;
override MEAN_R: f32;
override MEAN_G: f32;
override MEAN_B: f32;
override STD_R: f32;
override STD_G: f32;
override STD_B: f32;
override WORKGROUP_SIZE: u32 = 64;

@group(0) @binding(0) var<storage, read> colors: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<Elem>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (i >= ROWS * PIXELS) { return; }
  var v = vec3f(x[i * 3u], x[i * 3u + 1u], x[i * 3u + 2u]);
  if (colors[(FIRST_ROW + i / PIXELS) * 8u + 7u] == 1.0) { v = select(v, 1.0 - v, v >= vec3f(0.5)); }
  v = (clamp(v, vec3f(0.0), vec3f(1.0)) - vec3f(MEAN_R, MEAN_G, MEAN_B)) / vec3f(STD_R, STD_G, STD_B);
  y[i * 3u] = Elem(v.r);
  y[i * 3u + 1u] = Elem(v.g);
  y[i * 3u + 2u] = Elem(v.b);
}
