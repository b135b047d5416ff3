// conv2d_tap: how the kernels that take a convolution for a product of matrices go through its sums' terms.
// needs       conv2d_geometry.wgsl; the binding g of conv2d_tiled.wgsl
// Where an invocation is among (a, b, c): a vector of channels, from c on, of the tap in row a and column b.
struct Tap { a: u32, b: u32, c: u32 }
fn advance(t: Tap, channels: u32) -> Tap {
  var next = Tap(t.a, t.b, t.c + channels);
  while (next.c >= g.c) {
    next.c -= g.c;
    next.b++;
    if (next.b == g.taps_s) { next.b = 0u; next.a++; }
  }
  return next;
}
