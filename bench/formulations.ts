/**
 * What each formulation of a training step is worth in ONNX Runtime: the step as aimaas compiles it, against the same step
 * without one of the passes (or with the naive form instead), taking turns in one process.
 *
 *   npm run bench:formulations -- [--rounds 5] [--seconds 0.5] [--threads 1] [--only NAME]
 *
 * A line for each: {formulation, work, ratio, stepsPerSecond, without, nodes, nodesWithout, difference}. ratio is the
 * median of steps/s with it over steps/s without; difference is that of the two losses.
 */
import { parseArgs } from 'node:util';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { InferenceSession } from 'onnxruntime-node';
import { loadOnnxRuntime, openSession } from '../src/engines/onnxruntime/session.js';
import { toOrt } from '../src/engines/onnxruntime/tensors.js';
import type { Graph } from '../src/graph/graph.js';
import { channelsFirstPass } from '../src/graph/onnx/channels-first/pass.js';
import { writeOnnx } from '../src/graph/onnx/index.js';
import { fuseBias } from '../src/graph/passes/bias.js';
import { GraphEditor } from '../src/graph/passes/graph-editor.js';
import { removeDeadCode } from '../src/graph/passes/dead-code.js';
import { simplify } from '../src/graph/passes/index.js';
import { optimizeLoops } from '../src/graph/passes/loops/index.js';
import { poolBeforeRelu } from '../src/graph/passes/pool-before-relu.js';
import { expandScans } from '../src/graph/scan/expand.js';
import { float32, sizeOf, type TensorData } from '../src/core/tensor.js';
import { layersStep } from './layers-step.js';
import { dataOf, WORKS } from './works.js';

const BATCH = 32;
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '0.5' },
    threads: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
});

type Pass = (graph: Graph) => Graph;

/** A pass over a graph and the bodies of its loops. */
function everywhere(pass: Pass): Pass {
  const deep: Pass = (graph) =>
    pass({
      ...graph,
      nodes: graph.nodes.map((node) => (node.body === undefined ? node : { ...node, body: deep(node.body) })),
    });
  return deep;
}

/** What compiling does, in its order: see optimize() and optimizeForOnnx(). */
const PASSES = {
  simplified: simplify,
  'pool before relu': poolBeforeRelu,
  'small loop bodies': optimizeLoops,
  cleaned: simplify,
  'bias fused': everywhere((graph) => removeDeadCode(fuseBias(simplify(graph)))),
  'channels first': everywhere(channelsFirstPass),
} as const satisfies Record<string, Pass>;

function compiled(graph: Graph, change: Partial<Record<keyof typeof PASSES, Pass>> = {}): Graph {
  const passes: Record<string, Pass> = { ...PASSES, ...change };
  return Object.values(passes).reduce((current, pass) => pass(current), graph);
}

const skip: Pass = (graph) => graph;

/** Channels first at each convolution and pooling alone, with the axes exchanged round every one of them. */
const exchangedEachTime: Pass = (graph) => {
  const editor = new GraphEditor(graph);
  for (const node of graph.nodes) {
    const isWindow = /Conv|Pool/.test(node.op);
    const outputs = node.outputs.map((id) => (isWindow ? editor.value(editor.info(id)) : id));
    editor.keep({ ...node, outputs });
    // A vector and back: what the pass does not see through.
    node.outputs.forEach((id, i) => {
      const made = outputs[i] as number;
      if (made === id) return;
      const flat = editor.add('Reshape', [made], { shape: [sizeOf(editor.info(id).shape)] });
      editor.keep({
        op: 'Reshape',
        inputs: [flat],
        outputs: [id],
        attributes: { shape: editor.info(id).shape },
      });
    });
  }
  return channelsFirstPass(editor.build());
};
const writtenOut: Pass = (graph) => simplify(expandScans(optimizeLoops(graph)));

interface Formulation {
  readonly name: string;
  readonly works: readonly string[];
  /** The step without it. */
  readonly without: (work: string) => Step;
}

interface Step {
  readonly graph: Graph;
  readonly inputs: Readonly<Record<string, TensorData>>;
}

const FORMULATIONS: readonly Formulation[] = [
  {
    name: 'all parameters in one tensor',
    works: ['autoencoder', 'lstm-stack', 'transformer'],
    without: (work) => optimized(stepOf(work, false)),
  },
  {
    name: 'recurrence as a loop',
    works: ['lstm-reg', 'lstm-stack'],
    without: (work) => optimized(stepOf(work), { 'small loop bodies': writtenOut }),
  },
  {
    name: 'channels first throughout',
    works: ['cnn', 'convnet'],
    without: (work) => optimized(stepOf(work), { 'channels first': exchangedEachTime }),
  },
  ...(
    [
      ['small loop bodies', ['lstm-reg', 'lstm-stack', 'text-lstm']],
      ['pool before relu', ['cnn', 'convnet']],
      ['bias fused', ['autoencoder', 'transformer']],
    ] as const
  ).map(([name, works]) => ({
    name,
    works,
    without: (work: string) => optimized(stepOf(work), { [name]: skip }),
  })),
];

/** One model for each workload, so that all its steps begin with the same weights. */
const models = new Map<string, LayersModel>();

function stepOf(name: string, flat = true): Step {
  const work = WORKS[name];
  if (work === undefined) throw new Error(`no workload ${name}`);
  const { x, y } = dataOf(work);
  const model = models.get(name) ?? work.model();
  models.set(name, model);
  const { step, state } = layersStep(model, {
    batch: BATCH,
    input: { shape: work.input, dtype: x.dtype },
    target: y.shape.slice(1),
    loss: work.loss,
    flat,
  });
  const batchOf = (tensor: TensorData): TensorData => {
    const shape = [BATCH, ...tensor.shape.slice(1)];
    return { ...tensor, shape, data: tensor.data.slice(0, sizeOf(shape)) };
  };
  return {
    graph: step.graph,
    inputs: { ...state, x: batchOf(x), y: batchOf(y), rate: float32([], Float32Array.of(1e-3)) },
  };
}

function optimized({ graph, inputs }: Step, change: Partial<Record<keyof typeof PASSES, Pass>> = {}): Step {
  return { graph: compiled(graph, change), inputs };
}

const runtime = await loadOnnxRuntime();

interface Contender {
  readonly nodes: number;
  readonly rates: number[];
  loss: number;
  measure(seconds: number): Promise<void>;
  close(): Promise<void>;
}

async function contender({ graph, inputs }: Step): Promise<Contender> {
  const session: InferenceSession = await openSession(runtime, writeOnnx(graph), Number(options.threads), {});
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, tensor]) => [name, toOrt(runtime, tensor)]),
  );
  const self: Contender = {
    nodes: countNodes(graph),
    rates: [],
    loss: NaN,
    async measure(seconds) {
      const started = performance.now();
      let steps = 0;
      for (; performance.now() - started < seconds * 1000; steps++) {
        const { loss } = await session.run(feeds);
        self.loss = (loss?.data as Float32Array)[0] as number;
      }
      self.rates.push(steps / ((performance.now() - started) / 1000));
    },
    close: () => session.release(),
  };
  return self;
}

function countNodes(graph: Graph): number {
  return graph.nodes.reduce((sum, { body }) => sum + 1 + (body === undefined ? 0 : countNodes(body)), 0);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] as number;
}

for (const { name, works, without } of FORMULATIONS) {
  if (options.only !== undefined && options.only !== name) continue;
  for (const work of works) {
    const ours = await contender(optimized(stepOf(work)));
    const theirs = await contender(without(work));
    for (const one of [ours, theirs]) await one.measure(0.2);
    for (const one of [ours, theirs]) one.rates.length = 0;
    for (let round = 0; round < Number(options.rounds); round++) {
      for (const one of [ours, theirs]) await one.measure(Number(options.seconds));
    }
    const [mine, other] = [median(ours.rates), median(theirs.rates)];
    console.log(
      JSON.stringify({
        formulation: name,
        work,
        ratio: Number((mine / other).toFixed(2)),
        stepsPerSecond: Math.round(mine),
        without: Math.round(other),
        nodes: ours.nodes,
        nodesWithout: theirs.nodes,
        difference: Number(Math.abs(ours.loss - theirs.loss).toExponential(1)),
      }),
    );
    await ours.close();
    await theirs.close();
  }
}
