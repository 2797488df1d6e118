import { AimaasError } from '../../core/errors.js';
import { sizeOf, type DType, type TensorData } from '../../core/tensor.js';
import { scalarTensor } from '../builder.js';
import {
  allowsType,
  type ArgumentDefinition,
  type AttributeDefinition,
  opDefinition,
} from './op-definitions.js';
import {
  type AttrValue,
  type DataType,
  dataTypeOf,
  type FunctionDef,
  type NodeDef,
  type Shape,
} from './types.js';

/** A tensor of the graph that is being written. */
export interface Ref {
  /** As other nodes of the same graph name it. */
  readonly name: string;
  /** The node that makes it; the name of a function's argument. */
  readonly node: string;
  readonly output: number;
  readonly type: DataType;
}

/** Attributes as plain values; the table of operations says what each is. Types follow from the inputs. */
export type PlainAttributes = Readonly<
  Record<string, boolean | number | string | readonly number[] | Shape | TensorData | readonly Shape[]>
>;

/** A lookup table that is filled once, when the model is loaded. */
export interface LookupTable {
  readonly handle: Ref;
  readonly keys: TensorData;
  readonly values: TensorData;
}

export interface WriterOptions {
  /** Whether 64-bit numbers become 32-bit ones, for a runtime that has no others. */
  readonly narrow?: boolean;
  /** Whether the nodes are those of a function, which name each other differently. */
  readonly body?: boolean;
  /** The functions of the whole graph, which those of its functions are added to. */
  readonly functions?: FunctionDef[];
}

/** Equal constants up to this many elements become one. */
const SHARED_ELEMENTS = 64;

/** Makes the nodes of a GraphDef or of one of its functions, checked against TensorFlow's own table of operations. */
export class GraphWriter {
  readonly nodes: NodeDef[] = [];
  readonly tables: LookupTable[] = [];
  /** Functions that nodes call, those of functions included. */
  readonly functions: FunctionDef[];
  readonly narrow: boolean;
  private readonly body: boolean;
  private readonly shared = new Map<string, Ref>();
  private readonly names = new Set<string>();

  constructor(options: WriterOptions = {}) {
    this.narrow = options.narrow ?? false;
    this.body = options.body ?? false;
    this.functions = options.functions ?? [];
  }

  /** Appends an operation and gives its first output. */
  op(op: string, inputs: readonly Ref[], attributes: PlainAttributes = {}, name?: string): Ref {
    const [first] = this.ops(op, inputs, attributes, name);
    if (first === undefined) throw new Error(`${op} has no output.`);
    return first;
  }

  /** Appends an operation and gives all its outputs. */
  ops(op: string, inputs: readonly Ref[], attributes: PlainAttributes = {}, name?: string): Ref[] {
    return this.node(op, inputs, attributes, name).outputs;
  }

  /** Appends an operation that also waits for others, by their names. */
  node(
    op: string,
    inputs: readonly Ref[],
    attributes: PlainAttributes = {},
    name = op,
    after: readonly string[] = [],
  ): { readonly name: string; readonly outputs: Ref[] } {
    const definition = opDefinition(op);
    const unique = this.uniqueName(name);
    const attr = new Map<string, AttrValue>();
    const complain = (what: string): Error => new Error(`TensorFlow's ${op} ("${unique}") ${what}.`);
    for (const [key, value] of Object.entries(attributes)) {
      const known = definition.attributes.get(key);
      if (known === undefined && !key.startsWith('_')) throw complain(`has no attribute ${key}`);
      attr.set(key, attributeValue(known, value));
    }
    const set = (key: string, value: AttrValue): void => {
      const known = attr.get(key);
      if (known === undefined) attr.set(key, value);
      else if (JSON.stringify(known) !== JSON.stringify(value)) {
        throw complain(`is given ${JSON.stringify(value)} where ${key} is ${JSON.stringify(known)}`);
      }
    };
    const lists = definition.inputs.filter(({ count, types }) => count !== undefined || types !== undefined);
    const listed = inputs.length - definition.inputs.length + lists.length;
    let next = 0;
    for (const argument of definition.inputs) {
      const isList = lists.includes(argument);
      const given = inputs.slice(next, next + (isList ? listed : 1));
      next += given.length;
      if (!isList && given.length === 0) throw complain(`lacks its input ${argument.name}`);
      if (argument.count !== undefined) set(argument.count, { int: given.length });
      if (argument.types !== undefined) set(argument.types, { types: given.map(({ type }) => type) });
      else for (const { type } of given) checkType(argument, type, definition.attributes, set, complain);
    }
    if (next !== inputs.length) throw complain(`takes ${next} inputs, received ${inputs.length}`);
    for (const [key, known] of definition.attributes) {
      const value = attr.get(key);
      if (value === undefined && known.otherwise === undefined) throw complain(`lacks its attribute ${key}`);
      // tfjs does not know all of TensorFlow's defaults.
      if (this.narrow || value === undefined) continue;
      if (known.otherwise !== undefined && isDefault(known, value)) attr.delete(key);
    }
    this.nodes.push({
      name: unique,
      op,
      input: [...inputs.map((input) => input.name), ...after.map((other) => `^${other}`)],
      attr: Object.fromEntries(attr),
    });
    return { name: unique, outputs: this.outputsOf(unique, definition, attr) };
  }

  constant(given: TensorData): Ref {
    const tensor = this.narrow ? narrowTensor(given) : given;
    const key = sizeOf(tensor.shape) <= SHARED_ELEMENTS ? keyOf(tensor) : undefined;
    const known = key === undefined ? undefined : this.shared.get(key);
    if (known !== undefined) return known;
    const ref = this.op('Const', [], { dtype: dataTypeOf(tensor.dtype), value: tensor }, 'constant');
    if (key !== undefined) this.shared.set(key, ref);
    return ref;
  }

  /** A whole number, or several as a vector. */
  integers(values: number | readonly number[]): Ref {
    const shape = typeof values === 'number' ? [] : [values.length];
    const data = Int32Array.from(typeof values === 'number' ? [values] : values);
    return this.constant({ dtype: 'int32', shape, data });
  }

  scalar(value: number | string, dtype: DType): Ref {
    return this.constant(scalarTensor(value, dtype));
  }

  /** The handle of a lookup table with these keys and values. */
  table(keys: TensorData, values: TensorData): Ref {
    const types = { key_dtype: this.typeOf(keys.dtype), value_dtype: this.typeOf(values.dtype) };
    const name = this.uniqueName('table');
    this.names.delete(name);
    const handle = this.op('HashTableV2', [], { ...types, shared_name: name }, name);
    const kept = (tensor: TensorData): TensorData => (this.narrow ? narrowTensor(tensor) : tensor);
    this.tables.push({ handle, keys: kept(keys), values: kept(values) });
    return handle;
  }

  /** The element type that a value of ours has here. */
  typeOf(dtype: DType): DataType {
    return dataTypeOf(this.narrow ? narrowed(dtype) : dtype);
  }

  /** An argument of the function whose nodes these are. */
  argument(name: string, type: DataType): Ref {
    const unique = this.uniqueName(name);
    return { name: unique, node: unique, output: 0, type };
  }

  uniqueName(wanted: string): string {
    let name = wanted;
    for (let i = 1; this.names.has(name); i++) name = `${wanted}_${i}`;
    this.names.add(name);
    return name;
  }

  private outputsOf(
    node: string,
    definition: ReturnType<typeof opDefinition>,
    attr: ReadonlyMap<string, AttrValue>,
  ): Ref[] {
    const refs: Ref[] = [];
    for (const argument of definition.outputs) {
      outputTypes(argument, definition.attributes, attr).forEach((type, i) => {
        const output = refs.length;
        const name = this.body ? `${node}:${argument.name}:${i}` : output === 0 ? node : `${node}:${output}`;
        refs.push({ name, node, output, type });
      });
    }
    return refs;
  }
}

function checkType(
  argument: ArgumentDefinition,
  type: DataType,
  attributes: ReadonlyMap<string, AttributeDefinition>,
  set: (key: string, value: AttrValue) => void,
  complain: (what: string) => Error,
): void {
  const attribute = attributes.get(argument.type);
  const fits = attribute === undefined ? argument.type === type : allowsType(attribute, type);
  if (!fits) throw complain(`does not take ${type} as ${argument.name}`);
  if (attribute !== undefined) set(argument.type, { type });
}

function outputTypes(
  { type, count, types }: ArgumentDefinition,
  attributes: ReadonlyMap<string, AttributeDefinition>,
  attr: ReadonlyMap<string, AttrValue>,
): readonly DataType[] {
  const listed = types === undefined ? undefined : attr.get(types);
  if (listed !== undefined && 'types' in listed) return listed.types;
  const chosen = attr.get(type);
  const otherwise = attributes.get(type)?.otherwise;
  const single = chosen !== undefined && 'type' in chosen ? chosen.type : ((otherwise ?? type) as DataType);
  if (count === undefined) return [single];
  const number = attr.get(count);
  return Array.from({ length: number !== undefined && 'int' in number ? number.int : 0 }, () => single);
}

/** A plain value as the kind of attribute that it is for; unknown attributes are told by their JavaScript type. */
function attributeValue(known: AttributeDefinition | undefined, value: PlainAttributes[string]): AttrValue {
  switch (known?.kind) {
    case 'type':
      return { type: value as DataType };
    case 'list(int)':
      return { ints: value as readonly number[] };
    case 'float':
      return { float: value as number };
    case 'shape':
      return { shape: value as Shape };
    case 'list(shape)':
      return { shapes: value as readonly Shape[] };
    case 'tensor':
      return { tensor: value as TensorData };
    case 'func':
      return { func: value as string };
    default:
      if (typeof value === 'boolean') return { bool: value };
      return typeof value === 'number' ? { int: value } : { string: value as string };
  }
}

/** Attributes that are as they would be anyhow are not written: older versions of TensorFlow may not know them yet. */
function isDefault({ otherwise }: AttributeDefinition, value: AttrValue): boolean {
  if ('type' in value) return value.type === otherwise;
  if ('bool' in value) return String(value.bool) === otherwise;
  if ('int' in value) return String(value.int) === otherwise;
  if ('float' in value) return value.float === Number(otherwise);
  if ('string' in value) return JSON.stringify(value.string) === otherwise;
  return 'ints' in value && JSON.stringify(value.ints) === otherwise;
}

function keyOf(tensor: TensorData): string {
  const cells = Array.from(tensor.data as ArrayLike<unknown>, (cell) =>
    Object.is(cell, -0) ? '-0' : typeof cell === 'string' ? JSON.stringify(cell) : String(cell),
  );
  return `${tensor.dtype} ${tensor.shape.join(',')} ${cells.join(' ')}`;
}

/** The 32-bit type in place of a 64-bit one. */
function narrowed(dtype: DType): DType {
  if (dtype === 'float64') return 'float32';
  return dtype === 'int64' ? 'int32' : dtype;
}

function narrowTensor(tensor: TensorData): TensorData {
  const dtype = narrowed(tensor.dtype);
  if (dtype === tensor.dtype) return tensor;
  if (dtype === 'float32') return { ...tensor, dtype, data: Float32Array.from(tensor.data as Float64Array) };
  const data = Int32Array.from(tensor.data as BigInt64Array, (value: bigint) => {
    const narrow = Number(BigInt.asIntN(32, value));
    if (BigInt(narrow) === value) return narrow;
    throw new AimaasError(
      'UNSUPPORTED',
      `The whole number ${value} does not fit the 32 bits that tfjs has.`,
      { hint: 'Export the other formats: aimaas export --format onnx,saved-model' },
    );
  });
  return { ...tensor, dtype, data };
}
