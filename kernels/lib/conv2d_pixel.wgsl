// conv2d_pixel: where the kernels for subgroups of eight find an output pixel and its taps, and how they load and store.
// needs       conv2d_geometry.wgsl; Elem; the bindings x, g and y of conv2d_subgroup8.wgsl
// An output pixel: its image, the input row and column of its first tap, and where its channels begin.
struct Pixel { n: u32, top: i32, left: i32, at: u32 }
// Integers divided by floats, which a CPU driver does eight at a time; put right if the quotient was rounded. Here it is at
// most 57, so however large a and b are it is off by one at most.
fn divide(a: u32, b: u32) -> u32 {
  let q = u32(f32(a) / f32(b));
  let r = i32(a) - i32(q * b);
  return select(select(q, q + 1u, r >= i32(b)), q - 1u, r < 0);
}
// The pixel that lies `step` after the one at image n, row i, column j.
fn pixel(n: u32, i: u32, j: u32, step: u32) -> Pixel {
  let rows = divide(j + step, g.j_count);
  let images = divide(i + rows, g.i_count);
  let image = min(n + images, g.n - 1u); // past the last one nothing is stored
  let row = i + rows - images * g.i_count;
  let column = j + step - rows * g.j_count;
  let at = ((image * g.y_h + row * g.y_step + g.y_top) * g.y_w + column * g.y_step + g.y_left) * g.k;
  return Pixel(image, i32(row * g.x_step) + g.x_top, i32(column * g.x_step) + g.x_left, at);
}

// Where the channels of a pixel's tap begin, in vectors of four, or NOWHERE outside the borders.
const NOWHERE: u32 = 0xffffffffu;
fn tap(p: Pixel, down: i32, right: i32) -> u32 {
  let row = u32(p.top + down); // a negative one wraps round past g.x_h
  let column = u32(p.left + right);
  let at = ((p.n * g.x_h + row) * g.x_w + column) * (g.c / 4u);
  return select(NOWHERE, at, row < g.x_h && column < g.x_w);
}
fn load(base: u32, c4: u32) -> vec4f {
  return select(vec4f(), vec4f(x[select(base + c4, 0u, base == NOWHERE)]), base != NOWHERE);
}
fn store4(at: u32, k: u32, v: vec4f) {
  if (k < g.k) { y[(at + k) / 4u] = vec4<Elem>(v); }
}
