/**
 * What a process is started with for Deno's WebGPU to take Vulkan or nothing: on Linux it else goes on to OpenGL without a
 * word, which has fewer features, and which nothing here is tested with. Metal and Direct3D stay what they are elsewhere.
 */
export const WEBGPU_ENV: Record<string, string> = Deno.build.os === "linux"
  ? { DENO_WEBGPU_BACKEND: "vulkan" }
  : {};
