/**
 * Counts what a device's buffers hold from now on. WebGPU tells nobody how much memory is taken; this process's share is
 * what it has asked for and not given back.
 *
 * @returns Bytes of the buffers that are there.
 */
export function countHeldMemory(device: GPUDevice): () => number {
  let held = 0;
  // One that nobody destroys goes with its object.
  const collected = new FinalizationRegistry<{ bytes: number }>((share) => giveBack(share));
  const giveBack = (share: { bytes: number }) => {
    held -= share.bytes;
    share.bytes = 0;
  };
  const create = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = create(descriptor), share = { bytes: descriptor.size };
    held += share.bytes;
    collected.register(buffer, share);
    const destroy = buffer.destroy.bind(buffer);
    buffer.destroy = () => {
      giveBack(share);
      return destroy();
    };
    return buffer;
  };
  return () => held;
}
