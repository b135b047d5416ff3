// conv2d_epilogue: what becomes of a convolution's sums before they are stored. Nothing, or batch_norm_apply.wgsl's formula by
// statistics that stay, with its bits (of f16 a driver may leave out the rounding of the sums):
//   y = act((sum - mean[k]) * inv_std[k] * gamma[k] + beta[k] + residual)
// needs       conv2d_geometry.wgsl; Elem; the bindings g, statistics, gamma, beta and residual of conv2d_tiled.wgsl
// Flags of the sizes and not overrides, so that all of a network's layers share a pipeline.
const NORM: u32 = 1u;
const RELU: u32 = 2u;
const RESIDUAL: u32 = 4u;
// `at` is the place of four channels of y from k on, and of the residual's.
fn finish(sums: vec4f, k: u32, at: u32) -> vec4<Elem> {
  let rounded = vec4<Elem>(sums);
  if (g.then == 0u) { return rounded; }
  let v = k / 4u;
  var value = fma(vec4f(rounded) - statistics[v], statistics[g.k / 4u + v] * gamma[v], beta[v]);
  if ((g.then & RESIDUAL) != 0u) { value += vec4f(residual[at]); }
  if ((g.then & RELU) != 0u) { value = max(value, vec4f()); }
  return vec4<Elem>(value);
}
