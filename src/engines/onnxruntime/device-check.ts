import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { AimaasError } from '../../core/errors.js';
import type { Device } from '../engine.js';
import { presentDevices } from './devices.js';
import type { OrtModule } from './runtime.js';

const require = createRequire(import.meta.url);

/** Time a driver has to show that it works. */
const MILLISECONDS = 60_000;

export interface DeviceProblem {
  readonly reason: string;
  /** What to do about it. */
  readonly needs: string;
  /** What the runtime and drivers said themselves, if anything. */
  readonly said: string;
}

/**
 * Runs a model on a device. In a process of its own, since drivers and the runtime write to the terminal themselves, and
 * a driver that crashes takes its process with it.
 */
const SCRIPT = `
const [path, device, model] = process.argv.slice(1);
const ort = require(path);
(async () => {
  const bytes = new Uint8Array(Buffer.from(model, 'base64'));
  const session = await ort.InferenceSession.create(bytes, { executionProviders: [device], logSeverityLevel: 3 });
  await session.run({ x: new ort.Tensor('float32', Float32Array.of(1), [1]) });
  process.exit(0);
})().catch((error) => {
  process.stderr.write(String(error && error.message || error));
  process.exit(1);
});
`;

const checked = new Map<Device, Promise<DeviceProblem | undefined>>();

/** What keeps ONNX Runtime from computing on a device here; undefined where nothing does. Asked of the machine once. */
export function deviceProblem(runtime: OrtModule, device: Device): Promise<DeviceProblem | undefined> {
  if (device === 'cpu') return Promise.resolve(undefined);
  const known = checked.get(device);
  if (known !== undefined) return known;
  const found = presentDevices(runtime).includes(device)
    ? tried(device).then((said) => (said === undefined ? undefined : explained(device, said)))
    : Promise.resolve(withoutLibrary(device));
  checked.set(device, found);
  return found;
}

/** @throws AimaasError ENGINE_UNAVAILABLE saying what a device lacks, with the runtime's own words as the cause. */
export async function requireDevice(runtime: OrtModule, device: Device): Promise<void> {
  const problem = await deviceProblem(runtime, device);
  if (problem === undefined) return;
  throw new AimaasError(
    'ENGINE_UNAVAILABLE',
    `ONNX Runtime cannot compute on the device "${device}" here: ${problem.reason}.`,
    {
      hint: `${problem.needs}. Or run with --device cpu.${problem.said === '' ? '' : ' What ONNX Runtime says: --debug'}`,
      ...(problem.said === '' ? {} : { cause: new Error(problem.said) }),
    },
  );
}

/** What was said where a model could not be run on a device; undefined where it could. */
async function tried(device: Device): Promise<string | undefined> {
  const { GraphBuilder } = await import('../../graph/builder.js');
  const { toOnnx } = await import('../../graph/onnx/index.js');
  const builder = new GraphBuilder();
  builder.output('y', builder.op('Neg', [builder.input('x', [1])]));
  const model = Buffer.from(toOnnx(builder.build())).toString('base64');
  const path = require.resolve('onnxruntime-node');
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['-e', SCRIPT, '--', path, device, model],
      { timeout: MILLISECONDS, env: { ...process.env, NODE_OPTIONS: '' }, windowsHide: true },
      (error, stdout, stderr) => {
        if (error === null) return resolve(undefined);
        const said = `${stdout}${stderr}`.trim();
        resolve(said === '' ? error.message : said);
      },
    );
  });
}

const TENSORFLOW = 'Or let TensorFlow use the GPU: aimaas engines install tensorflow';

function withoutLibrary(device: Device): DeviceProblem {
  const here = `${process.platform}-${process.arch}`;
  if (device === 'cuda' && here === 'linux-x64') {
    return {
      reason:
        'its CUDA library is not installed. npm downloads it with the install script of onnxruntime-node, where scripts are on',
      needs: `npm rebuild onnxruntime-node --ignore-scripts=false; it needs CUDA 12 and cuDNN 9 too. ${TENSORFLOW}`,
      said: '',
    };
  }
  return {
    reason: `onnxruntime-node has no ${device} library for ${here}`,
    needs: device === 'cuda' ? 'Use --device webgpu' : 'The engines and their devices: aimaas engines',
    said: '',
  };
}

function explained(device: Device, said: string): DeviceProblem {
  const missing = /(lib[\w.+-]+\.so[\w.]*): cannot open shared object/.exec(said)?.[1];
  if (device === 'cuda') {
    return {
      reason: missing === undefined ? 'CUDA does not work' : `the library ${missing} is missing`,
      needs: `It needs a driver of NVIDIA (nvidia-smi shows it), CUDA 12 and cuDNN 9, where LD_LIBRARY_PATH finds them. ${TENSORFLOW}`,
      said,
    };
  }
  return { ...webgpuProblem(said, missing), said };
}

/** WebGPU is a layer over the system's own interface to the GPU. */
function webgpuProblem(
  said: string,
  missing: string | undefined,
): { readonly reason: string; readonly needs: string } {
  const none = /adapter/i.test(said) ? 'no GPU was found' : 'its GPU does not work';
  switch (process.platform) {
    case 'linux':
      return {
        reason:
          missing?.startsWith('libvulkan') === true
            ? `the Vulkan loader (${missing}) is not installed`
            : none,
        needs:
          'It needs a GPU, the Vulkan loader and a Vulkan driver: apt install libvulkan1 mesa-vulkan-drivers, or the driver of NVIDIA; vulkaninfo --summary shows what is found',
      };
    case 'darwin':
      return { reason: none, needs: 'It needs a GPU that Metal can use' };
    default:
      return { reason: none, needs: 'It needs a GPU with a driver for Direct3D 12' };
  }
}
