// conv2d_weight_gradient_place: where the kernels for subgroups of eight find a column's input, and how they load it and dy.
// needs       conv2d_weight_gradient_geometry.wgsl; Elem; the bindings x, dy and g of conv2d_weight_gradient_subgroup8.wgsl
// A column's place in a filter: its row r and column s less the padding, and its channel.
struct Place { r: i32, s: i32, c: u32 }
fn place(column: u32) -> Place {
  let bounded = min(column, g.r * g.s * g.c - 4u);
  return Place(i32(bounded / (g.c * g.s)) - i32(g.pad), i32((bounded / g.c) % g.s) - i32(g.pad), bounded % g.c);
}

// Where a place's input row begins, at its channel, or NOWHERE outside the borders.
const NOWHERE: u32 = 0xffffffffu;
fn input_row(at: Place, image: u32, top: i32) -> u32 {
  let h = u32(top + at.r); // a negative one wraps round past H
  return select(NOWHERE, (image + h) * g.w * g.c + at.c, h < g.h);
}
fn load(row: u32, at: Place, left: i32) -> vec4f {
  let w = u32(left + at.s);
  let inside = w < g.w && row != NOWHERE;
  return select(vec4f(), vec4f(x[select(0u, (row + w * g.c) / 4u, inside)]), inside);
}
// The gradient of four filters at a pixel of a row, zero past the last.
fn gradient(q: u32, row: u32, k: u32, last_q: u32) -> vec4f {
  return select(vec4f(), vec4f(dy[((row * g.q + min(q, g.q - 1u)) * g.k + k) / 4u]), q < last_q);
}
