// conv2d_weight_gradient_geometry: the sizes of a dispatch of the weight gradient's kernels, in the order in which
// recordConv2dWeightGradient writes them; k_first and column_first are those of conv2d_weight_gradient_tiled.wgsl's header.
// needs       nothing
struct Geometry {
  n: u32, h: u32, w: u32, c: u32, p: u32, q: u32, k: u32, r: u32, s: u32, stride: u32, pad: u32, pixels_per_split: u32,
  k_first: u32, column_first: u32, // of this dispatch's filters and columns
}
