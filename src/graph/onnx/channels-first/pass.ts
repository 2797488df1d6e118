import { axisAttribute, booleanAttribute } from '../../attributes.js';
import type { Attributes, Graph, GraphNode, ValueId } from '../../graph.js';
import { elementwiseBinary } from '../../kernels/binary.js';
import { poolFilter, windowAxes, type WindowAxis } from '../../kernels/convolution-geometry.js';
import { elementwiseUnary } from '../../kernels/unary.js';
import { removeDeadCode } from '../../passes/dead-code.js';
import { GraphEditor } from '../../passes/graph-editor.js';
import { normalizeAxes } from '../../shapes.js';
import { channelsFirst, channelsLast } from './axes.js';

/** Operations of this pass; emitters.ts writes them. Images in and out are [batch, channels, …spatial]. */
export const FIRST = {
  convolution: 'FirstConvolution',
  inputGradient: 'FirstInputGradient',
  filterGradient: 'FirstFilterGradient',
  maxPool: 'FirstMaxPool',
  averagePool: 'FirstAveragePool',
  maxPoolGradient: 'FirstMaxPoolGradient',
  averagePoolGradient: 'FirstAveragePoolGradient',
} as const;

/**
 * Works on images with their channels first, as ONNX' convolutions and poolings want them, from the first such operation
 * through everything elementwise to the last, so that axes are exchanged at the ends only and not round every operation.
 */
export function channelsFirstPass(graph: Graph): Graph {
  if (!graph.nodes.some(({ op }) => op in windowRules)) return graph;
  const images = new Images(graph);
  for (const node of graph.nodes) {
    const [output] = node.outputs;
    const outcome = output === undefined ? undefined : images.firstOf(node, output);
    if (output === undefined || outcome === undefined) images.editor.keep(node);
    else if (outcome !== 'kept') images.define(output, outcome);
  }
  return removeDeadCode(images.editor.build());
}

/** Window geometry as ONNX attributes name it. */
function geometry(axes: readonly WindowAxis[]): Attributes {
  return {
    kernel: axes.map(({ filter }) => filter),
    strides: axes.map(({ stride }) => stride),
    dilations: axes.map(({ dilation }) => dilation),
    pads: [...axes.map(({ padBefore }) => padBefore), ...axes.map(({ padAfter }) => padAfter)],
  };
}

/** Windows that lie side by side without margins: each input element is in one window, or in none at the far end. */
function isTiling(axes: readonly WindowAxis[]): boolean {
  return axes.every(
    ({ filter, stride, dilation, padBefore, padAfter }) =>
      filter === stride && dilation === 1 && padBefore === 0 && padAfter <= 0,
  );
}

/** The channels-first form of a node's output; 'kept' where that is no image and was made; undefined: not known here. */
type Outcome = ValueId | 'kept' | undefined;
type Rule = (images: Images, node: GraphNode) => Outcome;

class Images {
  readonly editor: GraphEditor;
  /** Channels-last value → the same numbers channels-first. */
  private readonly known = new Map<ValueId, ValueId>();
  private readonly filters = new Map<ValueId, ValueId>();

  constructor(graph: Graph) {
    this.editor = new GraphEditor(graph);
  }

  firstOf(node: GraphNode, output: ValueId): Outcome {
    const rule = windowRules[node.op] ?? otherRules[node.op];
    if (rule !== undefined) return rule(this, node);
    const rank = this.editor.info(output).shape.length;
    if (elementwiseUnary.has(node.op) || elementwiseBinary.has(node.op) || node.op === 'Select') {
      return this.elementwise(node, rank);
    }
    return undefined;
  }

  /** Says that `first` is `output` with its channels first. */
  define(output: ValueId, first: ValueId): void {
    this.known.set(output, first);
    const perm = channelsLast(this.editor.info(output).shape.length);
    // Dead code unless something needs the channels last.
    this.editor.keep({ op: 'Transpose', inputs: [first], outputs: [output], attributes: { perm } });
  }

  isKnown(id: ValueId): boolean {
    return this.known.has(id);
  }

  first(id: ValueId): ValueId {
    const known = this.known.get(id);
    if (known !== undefined) return known;
    const perm = channelsFirst(this.editor.info(id).shape.length);
    const first = this.editor.add('Transpose', [id], { perm });
    this.known.set(id, first);
    return first;
  }

  /** A filter [...window, in, out] as [out, in, ...window]; in two moves of one axis each, which are fast. */
  filter(id: ValueId): ValueId {
    const known = this.filters.get(id);
    if (known !== undefined) return known;
    const { shape } = this.editor.info(id);
    const [inputs, outputs] = [shape.at(-2) ?? 1, shape.at(-1) ?? 1];
    const window = shape.slice(0, -2);
    const taps = window.reduce((product, size) => product * size, 1);
    const matrix = this.editor.add('Reshape', [id], { shape: [taps * inputs, outputs] });
    const outputsFirst = this.editor.add('Transpose', [matrix], { perm: [1, 0] });
    const split = this.editor.add('Reshape', [outputsFirst], { shape: [outputs, taps, inputs] });
    const turned = this.editor.add('Transpose', [split], { perm: [0, 2, 1] });
    const first = this.editor.add('Reshape', [turned], { shape: [outputs, inputs, ...window] });
    this.filters.set(id, first);
    return first;
  }

  /** A depthwise filter [...window, channels, multiplier] as [channels · multiplier, 1, ...window]. */
  depthwiseFilter(id: ValueId): ValueId {
    const known = this.filters.get(id);
    if (known !== undefined) return known;
    const { shape } = this.editor.info(id);
    const outputs = (shape.at(-2) ?? 1) * (shape.at(-1) ?? 1);
    const window = shape.slice(0, -2);
    const taps = window.reduce((product, size) => product * size, 1);
    const matrix = this.editor.add('Reshape', [id], { shape: [taps, outputs] });
    const outputsFirst = this.editor.add('Transpose', [matrix], { perm: [1, 0] });
    const first = this.editor.add('Reshape', [outputsFirst], { shape: [outputs, 1, ...window] });
    this.filters.set(id, first);
    return first;
  }

  /** A node of this pass's own whose output is the channels-first form of the original's. */
  make(op: string, node: GraphNode, inputs: readonly ValueId[], attributes: Attributes): ValueId {
    const { shape, dtype } = this.editor.info(node.outputs[0] ?? -1);
    const perm = channelsFirst(shape.length);
    const output = this.editor.value({ dtype, shape: perm.map((axis) => shape[axis] ?? 1) });
    const layer = node.layer === undefined ? {} : { layer: node.layer };
    this.editor.keep({ op, inputs, outputs: [output], attributes, ...layer });
    return output;
  }

  private elementwise(node: GraphNode, rank: number): ValueId | undefined {
    if (!node.inputs.some((id) => this.isKnown(id)) || rank < 3) return undefined;
    if (node.op === 'Select' && !node.inputs.every((id) => this.isKnown(id))) return undefined;
    const operands = node.inputs.map((id) => this.known.get(id) ?? this.operand(id, rank));
    if (!operands.every((id) => id !== undefined)) return undefined;
    return this.make(node.op, node, operands, node.attributes);
  }

  /** A small operand that is cheap to bring into the order: numbers, and vectors over the channels. */
  private operand(id: ValueId, rank: number): ValueId | undefined {
    const { shape } = this.editor.info(id);
    if (shape.every((size) => size === 1)) return id;
    const channels = shape.at(-1) ?? 1;
    const spatial = Array.from({ length: rank - 2 }, () => 1);
    if (shape.slice(0, -1).every((size) => size === 1)) {
      return this.editor.add('Reshape', [id], { shape: [channels, ...spatial] });
    }
    return undefined;
  }
}

const axesOf = (images: Images, image: ValueId, filter: readonly number[], attributes: Attributes) =>
  windowAxes(images.editor.info(image).shape, filter, attributes);

/** The filter's window: its shape without the channels. */
const windowOf = (images: Images, filter: ValueId) => images.editor.info(filter).shape.slice(0, -2);

const convolution: Rule = (images, node) => {
  const [x = -1, filter = -1, ...bias] = node.inputs;
  const axes = axesOf(images, x, windowOf(images, filter), node.attributes);
  const inputs = [images.first(x), images.filter(filter), ...bias];
  return images.make(FIRST.convolution, node, inputs, geometry(axes));
};

const depthwise: Rule = (images, node) => {
  const [x = -1, filter = -1] = node.inputs;
  const axes = axesOf(images, x, windowOf(images, filter), node.attributes);
  const group = images.editor.info(x).shape.at(-1) ?? 1;
  const inputs = [images.first(x), images.depthwiseFilter(filter)];
  return images.make(FIRST.convolution, node, inputs, { ...geometry(axes), group });
};

const inputGradient: Rule = (images, node) => {
  const [dy = -1, filter = -1] = node.inputs;
  const isDepthwise = node.op === 'DepthwiseConv2dNativeBackpropInput';
  const axes = axesOf(images, node.outputs[0] ?? -1, windowOf(images, filter), node.attributes);
  // The input elements that no window reached: they come out as zeros.
  const unreached = axes.map(
    ({ input, filter: size, stride, dilation, padBefore, padAfter, output }) =>
      input - ((output - 1) * stride + (size - 1) * dilation + 1 - padBefore - padAfter),
  );
  const turned = isDepthwise ? images.depthwiseFilter(filter) : images.filter(filter);
  const group = isDepthwise ? (images.editor.info(filter).shape.at(-2) ?? 1) : 1;
  const attributes = { ...geometry(axes), group, unreached };
  return images.make(FIRST.inputGradient, node, [images.first(dy), turned], attributes);
};

/** Not an image itself, so the node stays in its place; only what it reads is channels-first. */
const filterGradient: Rule = (images, node) => {
  const [x = -1, dy = -1] = node.inputs;
  const axes = axesOf(
    images,
    x,
    images.editor.info(node.outputs[0] ?? -1).shape.slice(0, -2),
    node.attributes,
  );
  const inputs = [images.first(x), images.first(dy)];
  images.editor.keep({ ...node, op: FIRST.filterGradient, inputs, attributes: geometry(axes) });
  return 'kept';
};

function poolAxes(images: Images, image: ValueId, attributes: Attributes): WindowAxis[] {
  const rank = images.editor.info(image).shape.length;
  return axesOf(images, image, poolFilter(attributes, rank - 2), attributes);
}

function pool(op: string): Rule {
  return (images, node) => {
    const [x = -1] = node.inputs;
    return images.make(op, node, [images.first(x)], geometry(poolAxes(images, x, node.attributes)));
  };
}

const maxPoolGradient: Rule = (images, node) => {
  const [dy = -1, x = -1, y = -1] = node.inputs;
  const axes = poolAxes(images, x, node.attributes);
  if (!isTiling(axes)) return undefined;
  const inputs = [dy, x, y].map((id) => images.first(id));
  return images.make(FIRST.maxPoolGradient, node, inputs, geometry(axes));
};

const averagePoolGradient: Rule = (images, node) => {
  const [dy = -1, x = -1] = node.inputs;
  const axes = poolAxes(images, x, node.attributes);
  if (!isTiling(axes)) return undefined;
  return images.make(FIRST.averagePoolGradient, node, [images.first(dy)], geometry(axes));
};

/** Sums and means over images that are channels-first already. */
const reduction: Rule = (images, node) => {
  const [x = -1] = node.inputs;
  const { shape } = images.editor.info(x);
  if (!images.isKnown(x) || shape.length < 3) return undefined;
  const perm = channelsFirst(shape.length);
  const axes = normalizeAxes(axisAttribute(node.attributes), shape.length);
  const moved = axes.map((axis) => perm.indexOf(axis)).sort((a, b) => a - b);
  const keepDims = booleanAttribute(node.attributes, 'keepDims');
  const first = images.first(x);
  if (keepDims) return images.make(node.op, node, [first], { axis: moved, keepDims });
  // What is left must stand in the same order: no channels beside spatial axes.
  const left = perm.filter((axis) => !axes.includes(axis));
  if (left.some((axis, i) => i > 0 && axis < (left[i - 1] ?? 0))) return undefined;
  images.editor.keep(overSpatialFirst(images, { ...node, inputs: [first] }, moved));
  return 'kept';
};

/** A sum over batch and space is fast as two: over space, whose elements are neighbours, then over the batch. */
function overSpatialFirst(images: Images, node: GraphNode, axes: readonly number[]): GraphNode {
  const [x = -1] = node.inputs;
  const { shape } = images.editor.info(x);
  const all = axes.length === shape.length - 1 && !axes.includes(1);
  if (node.op !== 'Sum' || !all) return { ...node, attributes: { axis: axes, keepDims: false } };
  const [batch = 1, channels = 1, ...spatial] = shape;
  const area = spatial.reduce((product, size) => product * size, 1);
  const flat = images.editor.add('Reshape', [x], { shape: [batch, channels, area] });
  const sums = images.editor.add('Sum', [flat], { axis: [2], keepDims: false });
  return { ...node, inputs: [sums], attributes: { axis: [0], keepDims: false } };
}

const pad: Rule = (images, node) => {
  const [x = -1] = node.inputs;
  if (!images.isKnown(x)) return undefined;
  const paddings = node.attributes['paddings'];
  if (!Array.isArray(paddings)) return undefined;
  const perm = channelsFirst(images.editor.info(x).shape.length);
  const moved = perm.map((axis) => paddings[axis] as readonly number[]);
  return images.make('PadV2', node, [images.first(x)], { ...node.attributes, paddings: moved });
};

const concat: Rule = (images, node) => {
  if (!node.inputs.every((id) => images.isKnown(id))) return undefined;
  const rank = images.editor.info(node.outputs[0] ?? -1).shape.length;
  const given = Number(node.attributes['axis']);
  const axis = channelsFirst(rank).indexOf(given < 0 ? given + rank : given);
  return images.make(
    'Concat',
    node,
    node.inputs.map((id) => images.first(id)),
    { axis },
  );
};

/** Operations that are faster with channels first; without any of them the graph stays as it is. */
const windowRules: Readonly<Partial<Record<string, Rule>>> = {
  Conv2D: convolution,
  Conv3D: convolution,
  DepthwiseConv2dNative: depthwise,
  DepthwiseConv2dNativeBackpropInput: inputGradient,
  Conv2DBackpropInput: inputGradient,
  Conv3DBackpropInputV2: inputGradient,
  Conv2DBackpropFilter: filterGradient,
  Conv3DBackpropFilterV2: filterGradient,
  MaxPool: pool(FIRST.maxPool),
  MaxPool3D: pool(FIRST.maxPool),
  AvgPool: pool(FIRST.averagePool),
  AvgPool3D: pool(FIRST.averagePool),
  MaxPoolGrad: maxPoolGradient,
  AvgPoolGrad: averagePoolGradient,
};

/** Operations that follow. */
const otherRules: Readonly<Partial<Record<string, Rule>>> = {
  Sum: reduction,
  Mean: reduction,
  PadV2: pad,
  Concat: concat,
};
