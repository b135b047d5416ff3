import type { Camera, Size } from "./camera.ts";
import { mixedOrder } from "./point_states.ts";

type Attribute = "position" | "look" | "state";

const VERTEX = `#version 300 es
in vec2 position;
in vec4 look;
in float state;
uniform vec2 middle;
uniform vec2 scale;
uniform float size;
uniform float chosen;
out vec4 colour;
flat out int shape;
void main() {
  bool isMine = chosen > 0.5 ? state > 2.5 : state > 0.5 && state < 2.5;
  gl_Position = isMine ? vec4((position - middle) * scale, 0.0, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
  gl_PointSize = state > 2.5 ? size * 1.25 : size;
  colour = vec4(look.rgb, state < 1.5 ? 0.16 : 0.9);
  shape = int(look.a * 255.0 + 0.5);
}`;
const FRAGMENT = `#version 300 es
precision mediump float;
in vec4 colour;
flat in int shape;
uniform float softness;
out vec4 drawn;
void main() {
  vec2 p = abs(gl_PointCoord * 2.0 - 1.0);
  float y = 1.0 - gl_PointCoord.y * 2.0;
  float d = shape == 1 ? max(p.x, p.y) * 1.2
    : shape == 2 ? max(0.866 * p.x + 0.5 * (y + 0.15), -(y + 0.15)) * 1.75
    : shape == 3 ? p.x + p.y
    : shape == 4 ? min(max(p.x, 2.6 * p.y), max(2.6 * p.x, p.y))
    : length(p);
  float alpha = colour.a * (1.0 - smoothstep(1.0 - softness, 1.0, d));
  if (alpha < 0.01) discard;
  drawn = vec4(colour.rgb * alpha, alpha);
}`;

/**
 * Points of a plane by WebGL 2: one draw for all, another for the chosen above them.
 *
 * Written here since regl, which regl-scatterplot stands on, compiles by `new Function`, which the page's policy forbids.
 */
export class Scatter {
  readonly #gl: WebGL2RenderingContext;
  readonly #program: WebGLProgram;
  readonly #buffers: Record<Attribute, WebGLBuffer>;
  /** In which points are drawn. */
  readonly #order: WebGLBuffer;
  #count = 0;

  /** @throws {Error} If the browser has no WebGL 2. */
  constructor(readonly canvas: HTMLCanvasElement) {
    const gl = canvas.getContext("webgl2", { antialias: false, alpha: true, premultipliedAlpha: true });
    if (!gl) throw new Error("This browser has no WebGL 2, which the map is drawn by");
    this.#gl = gl;
    this.#program = link(gl);
    gl.useProgram(this.#program);
    this.#buffers = {
      position: this.#attribute("position", 2, gl.FLOAT, false),
      look: this.#attribute("look", 4, gl.UNSIGNED_BYTE, true),
      state: this.#attribute("state", 1, gl.UNSIGNED_BYTE, false),
    };
    this.#order = gl.createBuffer()!;
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  /** x and y of each point. */
  setPositions(positions: Float32Array): void {
    const count = positions.length / 2, gl = this.#gl;
    this.#fill("position", positions);
    if (count === this.#count) return;
    this.#count = count;
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.#order);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, mixedOrder(count), gl.STATIC_DRAW);
  }
  /** Red, green, blue and shape of each point. */
  setLooks(looks: Uint8Array): void {
    this.#fill("look", looks);
  }
  /** HIDDEN, DIM, PLAIN or CHOSEN, of each point. */
  setStates(states: Uint8Array): void {
    this.#fill("state", states);
  }

  /** @param size The canvas', in CSS px. @param pointPx A point's, in CSS px. */
  draw({ x, y, scale }: Camera, { width, height }: Size, pointPx: number): void {
    const gl = this.#gl, ratio = globalThis.devicePixelRatio || 1;
    const wide = Math.round(width * ratio), high = Math.round(height * ratio);
    if (this.canvas.width !== wide || this.canvas.height !== high) {
      Object.assign(this.canvas, { width: wide, height: high });
    }
    gl.viewport(0, 0, wide, high);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (this.#count === 0 || width === 0 || height === 0) return;
    const at = (name: string) => gl.getUniformLocation(this.#program, name);
    gl.uniform2f(at("middle"), x, y);
    gl.uniform2f(at("scale"), 2 * scale / width, 2 * scale / height);
    gl.uniform1f(at("size"), pointPx * ratio);
    gl.uniform1f(at("softness"), Math.min(1, 2.5 / (pointPx * ratio)));
    for (const chosen of [0, 1]) {
      gl.uniform1f(at("chosen"), chosen);
      gl.drawElements(gl.POINTS, this.#count, gl.UNSIGNED_INT, 0);
    }
  }

  /** Frees what it holds of the GPU: browsers have only some sixteen contexts at once. */
  dispose(): void {
    this.#gl.getExtension("WEBGL_lose_context")?.loseContext();
  }

  #fill(name: Attribute, values: Float32Array | Uint8Array): void {
    const gl = this.#gl;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#buffers[name]);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.DYNAMIC_DRAW);
  }

  #attribute(name: string, size: number, type: number, normalized: boolean): WebGLBuffer {
    const gl = this.#gl, buffer = gl.createBuffer()!, place = gl.getAttribLocation(this.#program, name);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, size, type, normalized, 0, 0);
    return buffer;
  }
}

function link(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram()!;
  for (const [type, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]] as const) {
    const shader = gl.createShader(type)!;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    if (gl.getShaderParameter(shader, gl.COMPILE_STATUS) || gl.isContextLost()) continue;
    throw new Error(`Cannot draw the map: ${gl.getShaderInfoLog(shader)}`);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
    throw new Error(`Cannot draw the map: ${gl.getProgramInfoLog(program)}`);
  }
  return program;
}
