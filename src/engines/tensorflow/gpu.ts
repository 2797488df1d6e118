import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** What NVIDIA's driver leaves on a system that has a GPU; the last is Windows' own within Linux. */
const DRIVER_FILES = ['/dev/nvidiactl', '/dev/nvidia0', '/dev/dxg'];

/**
 * Whether it is worth asking TensorFlow for a GPU, which takes a second or two: a driver is there, and
 * CUDA_VISIBLE_DEVICES does not hide every device.
 */
export function mayHaveGpu(): boolean {
  const visible = process.env['CUDA_VISIBLE_DEVICES'];
  if (visible !== undefined && (visible.trim() === '' || visible.trim() === '-1')) return false;
  if (process.platform === 'win32') {
    return existsSync(join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'nvcuda.dll'));
  }
  return DRIVER_FILES.some((path) => existsSync(path));
}
