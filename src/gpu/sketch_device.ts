import type { SizeLimits } from "./allocate.ts";

/**
 * A device that has nothing but limits: what plans memory by recording needs no more, and may then do it where there is no
 * GPU, or where it is at work. Its buffers are sizes, what is written to them is dropped, and nothing can be run.
 *
 * @param limits Those of the device that is planned for.
 */
export function sketchDevice(limits: SizeLimits): GPUDevice {
  const device = {
    limits,
    createBuffer: ({ label = "", size, usage }: GPUBufferDescriptor) => ({
      ...{ label, size, usage, destroy: () => {} },
    }),
    pushErrorScope: () => {},
    popErrorScope: () => Promise.resolve(null),
    queue: { writeBuffer: () => {} },
  };
  return device as unknown as GPUDevice;
}
