// conv2d_geometry: the sizes of a dispatch of conv2d's kernels, in conv2d_tiled.wgsl's words and in recordConv2d's order.
// needs       nothing
struct Geometry {
  n: u32, x_h: u32, x_w: u32, c: u32, y_h: u32, y_w: u32, k: u32,
  i_count: u32, j_count: u32, // output rows and columns of this parity
  taps_r: u32, taps_s: u32,
  x_step: u32, x_dir: i32, x_top: i32, x_left: i32, y_step: u32, y_top: u32, y_left: u32,
  k_first: u32, // the first of this dispatch's output channels
  group_pixels: u32, // output pixels of a group (view), of which statistics are made
  then: u32, // what becomes of sums: of conv2d_epilogue.wgsl's flags, or 0
  first_chunk: u32, // the first of the statistics that are made, where y is a part of a group
}
