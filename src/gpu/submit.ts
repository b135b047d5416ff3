/** Submissions between two collections: what they leave is under a MiB. */
const SUBMISSIONS_BETWEEN_COLLECTIONS = 256;

const submittedSince = new WeakMap<GPUDevice, number>();

/** Ends what `encoder` records and hands it to the GPU. Returns at once. */
export function submit(device: GPUDevice, encoder: GPUCommandEncoder, label: string): void {
  device.queue.submit([encoder.finish({ label })]);
  submittedSince.set(device, (submittedSince.get(device) ?? 0) + 1);
}

/**
 * Collects the encoders, passes and command buffers of what was submitted, each time there are many. JavaScript's part of
 * one is a few bytes, so that a loop of submissions alone hardly ever makes V8 collect its old objects; what they hold
 * outside of its heap, about 3 KiB a submission, piles up over 10,000 of them and more. The place to call it is before a
 * wait for the GPU, which is busy meanwhile. Does nothing where the process was started without `--expose-gc`.
 */
export function collectSubmitted(device: GPUDevice): void {
  if ((submittedSince.get(device) ?? 0) < SUBMISSIONS_BETWEEN_COLLECTIONS) return;
  submittedSince.set(device, 0);
  (globalThis as { gc?: () => void }).gc?.();
}
