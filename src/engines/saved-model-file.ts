import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AimaasError } from '../core/errors.js';
import { carriedModel, foreignCarrierOf } from '../graph/tensorflow/carriers.js';
import { type ForeignSignature, readForeignSignature } from '../graph/tensorflow/foreign-model.js';
import { type DataType, dtypeOf, type TensorInfo } from '../graph/tensorflow/types.js';
import type { HostProcess } from './tensorflow/host-process.js';
import { openHost } from './tensorflow/hosts.js';
import { findInstallation, NOT_INSTALLED } from './tensorflow/installation.js';
import type { Crossing } from './tensorflow/messages.js';

export const SAVED_MODEL_FILE = 'saved_model.pb';

/** A tensor as TensorFlow has it: its own name of the type, and the array or bytes of it; halves as their bits. */
export interface SavedModelTensor {
  readonly type: DataType;
  readonly shape: readonly number[];
  readonly data: ArrayBufferView | readonly (string | Uint8Array)[];
}

/** A SavedModel that someone else made, run as it is. Several runs may be asked for at once. */
export interface SavedModelFile {
  readonly signature: ForeignSignature;
  run(inputs: ReadonlyMap<string, SavedModelTensor>): Promise<ReadonlyMap<string, SavedModelTensor>>;
  dispose(): Promise<void>;
}

/** @throws AimaasError ARTIFACT_CORRUPT for a folder whose saved_model.pb cannot be read or has nothing to serve. */
export async function readSavedModel(
  folder: string,
): Promise<{ readonly bytes: Uint8Array; readonly signature: ForeignSignature }> {
  const path = join(folder, SAVED_MODEL_FILE);
  try {
    const bytes = await readFile(path);
    return { bytes, signature: readForeignSignature(bytes) };
  } catch (cause) {
    throw new AimaasError(
      'ARTIFACT_CORRUPT',
      `${path} is not a SavedModel that can be served: ${said(cause)}`,
      {
        hint: `See what is in it: saved_model_cli show --dir ${folder} --all; Keras writes one with model.export(DIR)`,
        cause,
      },
    );
  }
}

/**
 * Opens a SavedModel in TensorFlow.
 * @throws AimaasError ENGINE_UNAVAILABLE where TensorFlow is not set up, ARTIFACT_CORRUPT where it cannot load the folder.
 */
export async function openSavedModelFolder(
  folder: string,
  options: { readonly threads: number },
): Promise<SavedModelFile> {
  const { bytes, signature } = await readSavedModel(folder);
  if (findInstallation() === undefined) {
    throw new AimaasError(
      'ENGINE_UNAVAILABLE',
      `${folder} is a TensorFlow SavedModel, which TensorFlow itself runs. ${NOT_INSTALLED}`,
      { hint: 'aimaas engines install tensorflow   (or convert the model to ONNX with tf2onnx)' },
    );
  }
  const model = new Loaded(folder, bytes, signature, options.threads);
  await model.open();
  return model;
}

class Loaded implements SavedModelFile {
  readonly signature: ForeignSignature;
  private readonly folder: string;
  private readonly threads: number;
  private readonly carried: ReturnType<typeof carriedModel>;
  private scratch: string | undefined;
  private session: Promise<{ readonly host: HostProcess; readonly model: number }> | undefined;

  constructor(folder: string, bytes: Uint8Array, signature: ForeignSignature, threads: number) {
    this.folder = folder;
    this.signature = signature;
    this.threads = threads;
    try {
      this.carried = carriedModel(bytes, signature);
    } catch (cause) {
      throw rejected(folder, cause);
    }
  }

  async open(): Promise<void> {
    try {
      this.session = this.load();
      await this.session;
    } catch (cause) {
      await this.dispose();
      throw rejected(this.folder, cause);
    }
  }

  /** A process that died is replaced, and asked once more: nothing but its answers depends on a run. */
  async run(inputs: ReadonlyMap<string, SavedModelTensor>): Promise<ReadonlyMap<string, SavedModelTensor>> {
    const feeds: Record<string, Crossing> = {};
    for (const [name, tensor] of inputs) feeds[this.carried.feeds.get(name) ?? ''] = toCarrier(tensor);
    const { host, model } = await this.alive();
    try {
      return await this.ask(host, model, feeds);
    } catch (error) {
      if (host.alive) throw error;
      const again = await this.alive();
      return this.ask(again.host, again.model, feeds);
    }
  }

  async dispose(): Promise<void> {
    const session = await this.session?.catch(() => undefined);
    if (session?.host.alive === true) await session.host.close(session.model);
    this.session = undefined;
    if (this.scratch !== undefined) await rm(this.scratch, { recursive: true, force: true });
  }

  private async alive(): Promise<{ readonly host: HostProcess; readonly model: number }> {
    const { session } = this;
    const known = await session?.catch(() => undefined);
    if (known?.host.alive === true) return known;
    // Another run may have begun to load it again meanwhile.
    if (this.session === session || this.session === undefined) this.session = this.load();
    return this.session;
  }

  private async ask(
    host: HostProcess,
    model: number,
    feeds: Readonly<Record<string, Crossing>>,
  ): Promise<ReadonlyMap<string, SavedModelTensor>> {
    const wanted = [...this.carried.fetches];
    const results = await host.runRaw(
      model,
      feeds,
      wanted.map(([, fetch]) => fetch),
    );
    return new Map(
      wanted.map(([name], i) => {
        const { type } = this.signature.outputs[name] as TensorInfo;
        return [name, fromCarrier(results[i] as Crossing, type)];
      }),
    );
  }

  private async load(): Promise<{ readonly host: HostProcess; readonly model: number }> {
    const host = await openHost({ threads: this.threads });
    this.scratch ??= await this.copied();
    return { host, model: await host.open(this.scratch ?? this.folder) };
  }

  /** A folder with the changed file beside what belongs to it; undefined where the file is loaded as it is. */
  private async copied(): Promise<string | undefined> {
    const { bytes } = this.carried;
    if (bytes === undefined) return undefined;
    const scratch = await mkdtemp(join(tmpdir(), 'aimaas-graph-'));
    await writeFile(join(scratch, SAVED_MODEL_FILE), bytes);
    for (const { name } of (await readdir(this.folder, { withFileTypes: true })).filter((entry) =>
      entry.isDirectory(),
    )) {
      await symlink(join(this.folder, name), join(scratch, name), 'junction');
    }
    return scratch;
  }
}

function rejected(folder: string, cause: unknown): AimaasError {
  if (cause instanceof AimaasError) return cause;
  return new AimaasError(
    'ARTIFACT_CORRUPT',
    `TensorFlow cannot load the SavedModel ${folder}: ${said(cause)}`,
    {
      hint: 'Copy the whole folder, variables/ and assets/ too, or save the model again.',
      cause,
    },
  );
}

function said(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

const ARRAYS = {
  float: Float32Array,
  double: Float64Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
  half: Uint16Array,
  bfloat16: Uint16Array,
} as const;

type Numeric = keyof typeof ARRAYS;

function toCarrier({ type, shape, data }: SavedModelTensor): Crossing {
  if (!ArrayBuffer.isView(data)) return { dtype: 'string', shape, data };
  const carrier = foreignCarrierOf(type);
  return {
    dtype: dtypeOf(carrier),
    shape,
    data: converted(data, ARRAYS[type as Numeric], ARRAYS[carrier as Numeric]),
  } as Crossing;
}

function fromCarrier({ shape, data }: Crossing, type: DataType): SavedModelTensor {
  if (!ArrayBuffer.isView(data)) return { type, shape, data };
  const carrier = foreignCarrierOf(type);
  return { type, shape, data: converted(data, ARRAYS[carrier as Numeric], ARRAYS[type as Numeric]) };
}

/** The same bits where elements are equally wide, else the same whole numbers. */
function converted(
  data: ArrayBufferView,
  From: (typeof ARRAYS)[Numeric],
  To: (typeof ARRAYS)[Numeric],
): ArrayBufferView {
  if (From.BYTES_PER_ELEMENT !== To.BYTES_PER_ELEMENT) {
    return (To as typeof Int32Array).from(data as Int32Array);
  }
  return new To(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength / To.BYTES_PER_ELEMENT);
}
