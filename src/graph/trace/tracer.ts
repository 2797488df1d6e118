import { AimaasError } from '../../core/errors.js';
import { GraphBuilder } from '../builder.js';
import { sizeOf, type TensorValues } from '../../core/tensor.js';
import type { Attributes, AttributeValue, Graph, ValueId } from '../graph.js';
import { kernelDefinition, unsupportedOperation } from '../kernels/index.js';
import { poolSizeFor, RANDOM_OFFSETS, RANDOM_POOL } from '../random.js';
import { decompositions } from './decompositions.js';
import { tf } from './tensorflow.js';
import { tensorFromBackend, tfDType } from './values.js';

/** tfjs' handle of a tensor's data. */
export type DataId = object;

/**
 * Turns kernel calls into nodes. Holds which value of the graph every traced tensor is, and how many tfjs tensors
 * share it, as a tfjs backend must.
 */
export class Tracer {
  readonly builder = new GraphBuilder();
  private random: { readonly pool: ValueId; readonly offsets: ValueId; readonly sizes: number[] } | undefined;
  private readonly known = new WeakMap<DataId, { readonly value: ValueId; references: number }>();
  private readonly foreign = new Map<DataId, ValueId>();
  private readonly scopes: (string | undefined)[] = [];
  private readonly kept: tf.Tensor[] = [];
  private dataCount = 0;
  private readonly outerLayer: string | undefined;
  private readonly parent: Tracer | undefined;
  /** Tensors of the enclosing tracer that were used, in the order of first use, and the inputs that stand for them. */
  readonly captured = new Map<object, { readonly tensor: tf.TensorInfo; readonly value: ValueId }>();

  /** `parent`: the tracer whose graph the graph being made will be a part of, as the body of a loop. */
  constructor(parent?: Tracer) {
    this.parent = parent;
    this.outerLayer = parent?.builder.layer;
    this.builder.layer = this.outerLayer;
  }

  enterLayer(name: string | undefined): void {
    this.scopes.push(name);
    this.builder.layer = name;
  }

  leaveLayer(): void {
    this.scopes.pop();
    this.builder.layer = this.scopes.length === 0 ? this.outerLayer : this.scopes.at(-1);
  }

  /** Records a kernel call and returns descriptions of its outputs for tfjs to wrap. */
  record(op: string, inputs: tf.NamedTensorInfoMap, attributes: tf.NamedAttrMap): tf.TensorInfo[] {
    const clean = cleanAttributes(op, attributes, this.builder.layer);
    const decomposition = decompositions[op];
    if (decomposition !== undefined) {
      const named: Record<string, ValueId> = {};
      for (const [name, tensor] of Object.entries(inputs)) {
        // Optional inputs are absent, null or undefined, whatever tfjs' types say.
        const given = tensor as tf.TensorInfo | null | undefined;
        if (given !== null && given !== undefined) named[name] = this.valueOf(given);
      }
      return [
        this.handle(decomposed(op, () => decomposition(this.builder, named, clean), this.builder.layer)),
      ];
    }
    const definition = kernelDefinition(op, this.builder.layer);
    const values =
      definition.inputs === 'list'
        ? (Object.values(inputs) as tf.TensorInfo[]).map((tensor) => this.valueOf(tensor))
        : definition.inputs.map((name) => {
            const tensor = inputs[name];
            if (tensor === undefined) throw new Error(`${op} was called without its input "${name}".`);
            return this.valueOf(tensor);
          });
    const [first] = values;
    if (op === 'Slice' && first !== undefined) {
      return [this.handle(this.builder.op(op, values, sliceOfAxes(this.builder.info(first).shape, clean)))];
    }
    if (op === 'Identity' && first !== undefined) return [this.handle(first)];
    return this.builder.ops(op, values, clean).map((value) => this.handle(value));
  }

  /** Appends a random operation; see random-op.ts. */
  draw(shape: readonly number[]): ValueId {
    if (this.parent !== undefined) {
      throw new AimaasError('INTERNAL', 'Random numbers cannot be drawn inside the body of a loop.');
    }
    // Both inputs get their final length at the end, when all draws are known.
    this.random ??= {
      pool: this.builder.input(RANDOM_POOL, [0]),
      offsets: this.builder.input(RANDOM_OFFSETS, [0], 'int32'),
      sizes: [],
    };
    const { pool, offsets, sizes } = this.random;
    const index = sizes.push(sizeOf(shape)) - 1;
    return this.builder.op('RandomUniform', [pool, offsets], { shape: [...shape], index });
  }

  /** Lets a tensor outlive the tidy() it is made in, to the end of the trace. */
  keep<T extends tf.Tensor>(tensor: T): T {
    this.kept.push(tf.keep(tensor));
    return tensor;
  }

  disposeKept(): void {
    // One tensor may have been kept twice; disposing of it twice does nothing.
    for (const tensor of this.kept.splice(0)) tensor.dispose();
  }

  /** The finished graph. */
  build(): Graph {
    if (this.random !== undefined) {
      const { pool, offsets, sizes } = this.random;
      this.builder.resize(pool, [poolSizeFor(Math.max(...sizes))]);
      this.builder.resize(offsets, [sizes.length]);
    }
    return this.builder.build();
  }

  /** A tfjs tensor (tracked by the engine, so disposed by tidy) standing for a value of the graph. */
  tensor(value: ValueId): tf.Tensor {
    const { dataId, shape, dtype } = this.handle(value);
    return tf.engine().makeTensorFromTensorInfo({ dataId, shape, dtype });
  }

  /** The value a tensor stands for; a tensor of another backend becomes a constant. */
  valueOf(tensor: tf.TensorInfo): ValueId {
    const known = this.known.get(tensor.dataId);
    if (known !== undefined) return known.value;
    if (this.parent?.owns(tensor.dataId) === true) return this.capture(tensor, this.parent);
    const cached = this.foreign.get(tensor.dataId);
    if (cached !== undefined) return cached;
    const values = tf.engine().readSync(tensor.dataId);
    const value = this.builder.constant(tensorFromBackend(values, tensor.shape, tensor.dtype));
    this.foreign.set(tensor.dataId, value);
    return value;
  }

  owns(dataId: DataId): boolean {
    return this.known.has(dataId) || this.parent?.owns(dataId) === true;
  }

  /** An input for a tensor of the enclosing tracer; by tensor, as gradients tell tensors apart, not their data. */
  private capture(tensor: tf.TensorInfo, parent: Tracer): ValueId {
    const known = this.captured.get(tensor);
    if (known !== undefined) return known.value;
    const { shape, dtype } = parent.builder.info(parent.valueOf(tensor));
    const value = this.builder.input(`captured${this.captured.size}`, shape, dtype);
    this.captured.set(tensor, { tensor, value });
    return value;
  }

  /** Makes a constant from values written to the backend. */
  write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): DataId {
    const tensor = tensorFromBackend(values, shape, dtype);
    const repeated = repeatedNumber(tensor.data);
    const value =
      repeated === undefined
        ? this.builder.constant(tensor)
        : this.builder.op('Fill', [], { shape: tensor.shape, value: repeated, dtype: tensor.dtype });
    return this.handle(value).dataId;
  }

  references(dataId: DataId): number {
    return this.known.get(dataId)?.references ?? this.parent?.references(dataId) ?? 0;
  }

  retain(dataId: DataId): void {
    const entry = this.known.get(dataId);
    if (entry !== undefined) entry.references++;
    else this.parent?.retain(dataId);
  }

  /** Drops a reference; true when that was the last one. */
  release(dataId: DataId, force: boolean): boolean {
    const entry = this.known.get(dataId);
    if (entry === undefined) return this.parent?.release(dataId, force) ?? true;
    entry.references--;
    if (!force && entry.references > 0) return false;
    this.known.delete(dataId);
    this.dataCount--;
    return true;
  }

  get size(): number {
    return this.dataCount;
  }

  /** New data, with one reference, standing for a value of the graph. */
  handle(value: ValueId): tf.TensorInfo {
    const { shape, dtype } = this.builder.info(value);
    const dataId: DataId = {};
    this.known.set(dataId, { value, references: 1 });
    this.dataCount++;
    return { dataId, shape: [...shape], dtype: tfDType(dtype) };
  }
}

/** Says of which operation it is that a decomposition takes no such inputs. */
function decomposed(op: string, decompose: () => ValueId, layer: string | undefined): ValueId {
  try {
    return decompose();
  } catch (error) {
    if (error instanceof RangeError) throw unsupportedOperation(op, layer, error.message);
    throw error;
  }
}

/** The number that several elements all are: zeros and ones need not be stored, and may depend on the batch size. */
function repeatedNumber(data: TensorValues): number | undefined {
  const [first] = data;
  if (data.length < 2 || typeof first !== 'number') return undefined;
  for (let i = 1; i < data.length; i++) if (!Object.is(data[i], first)) return undefined;
  return first;
}

/** tf.slice takes numbers for the first axes only, or no size: a graph says where to begin and how far for every axis. */
function sliceOfAxes(shape: readonly number[], attributes: Attributes): Attributes {
  const listed = (value: AttributeValue | undefined): readonly number[] => {
    if (typeof value === 'number') return [value];
    return Array.isArray(value) ? value.map(Number) : [];
  };
  const [begin, size] = [listed(attributes['begin']), listed(attributes['size'])];
  return {
    begin: shape.map((_, axis) => begin[axis] ?? 0),
    size: shape.map((_, axis) => size[axis] ?? -1),
  };
}

/** Keeps the attributes that describe the computation; anything that is not plain data cannot be replayed. */
function cleanAttributes(op: string, attributes: tf.NamedAttrMap, layer: string | undefined): Attributes {
  const clean: Record<string, AttributeValue> = {};
  const given: Record<string, unknown> = attributes;
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!isPlain(value)) {
      const where = layer === undefined ? '' : ` in layer "${layer}"`;
      throw new AimaasError('UNSUPPORTED', `The attribute "${name}" of ${op}${where} is not plain data.`);
    }
    clean[name] = value as AttributeValue;
  }
  return clean;
}

function isPlain(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isPlain);
  return value === null || ['boolean', 'number', 'string'].includes(typeof value);
}
