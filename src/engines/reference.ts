import { AimaasError } from '../core/errors.js';
import type { TensorData, TensorValues } from '../core/tensor.js';
import { sizeOf } from '../core/tensor.js';
import { inputInfos, type Graph } from '../graph/graph.js';
import type { StepGraph } from '../graph/step-graph.js';
import { tf } from '../graph/trace/tensorflow.js';
import { checkInputs } from './check-inputs.js';
import type { Engine, Executable, StepBatch, Tensors, TrainingSession } from './engine.js';
import { interpret } from './reference/interpreter.js';
import { checkBatch, checkGiven, joinLeading, sliceLeading } from './step-inputs.js';

/** Runs the same graphs with tfjs' own kernels in JavaScript: slow, and what the other engines are tested against. */
export const referenceEngine: Engine = {
  name: 'reference',
  probe: () =>
    Promise.resolve({
      name: 'reference',
      available: true,
      reason: null,
      version: tf.version_core,
      devices: ['cpu'],
      note: null,
    }),
  requireDevice: (device) =>
    device === 'cpu'
      ? Promise.resolve()
      : Promise.reject(
          new AimaasError(
            'ENGINE_UNAVAILABLE',
            `The engine "reference" has no device "${device}". It has: cpu.`,
            { hint: `aimaas train --device ${device}, which chooses an engine that has it` },
          ),
        ),
  compile: (graph) => Promise.resolve(new ReferenceExecutable(graph)),
  compileTraining: (step) => Promise.resolve(new ReferenceTraining(step)),
};

class ReferenceExecutable implements Executable {
  private readonly graph: Graph;

  constructor(graph: Graph) {
    this.graph = graph;
  }

  run(inputs: Tensors): Promise<Record<string, TensorData>> {
    const batch = checkInputs(inputInfos(this.graph), inputs);
    return Promise.resolve(interpret(this.graph, inputs, batch));
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }
}

class ReferenceTraining implements TrainingSession {
  private readonly step: StepGraph;
  private data: Record<string, TensorData> = {};
  private state: Record<string, TensorData> = {};

  constructor(step: StepGraph) {
    this.step = step;
  }

  load(data: Tensors): Promise<void> {
    this.data = { ...this.data, ...data };
    checkGiven([...this.step.rows, ...this.step.resident], this.data, 'data');
    return Promise.resolve();
  }

  writeState(state: Tensors): Promise<void> {
    this.state = { ...this.state, ...state };
    checkGiven(
      this.step.state.map(({ input }) => input),
      this.state,
      'state',
    );
    return Promise.resolve();
  }

  readState(): Promise<Record<string, TensorData>> {
    return Promise.resolve({ ...this.state });
  }

  run(batch: StepBatch): Promise<Record<string, TensorData>> {
    checkBatch(this.step, batch);
    const infos = inputInfos(this.step.graph);
    const perIndex = sizeOf(this.step.indexShape);
    const results: Record<string, TensorData[]> = {};
    for (let i = 0; i < batch.count; i++) {
      const inputs: Record<string, TensorData> = { ...this.state };
      for (const name of this.step.resident) inputs[name] = required(this.data, name);
      const indices = batch.indices.subarray(i * perIndex, (i + 1) * perIndex);
      for (const name of this.step.rows) {
        inputs[name] = gatherRows(required(this.data, name), indices, this.step.indexShape);
      }
      for (const name of this.step.perStep) {
        const shape = infos[name]?.shape ?? [];
        const whole = { ...required(batch.perStep, name), shape: [batch.count, ...shape] };
        inputs[name] = { ...sliceLeading(whole, i, i + 1), shape };
      }
      const outputs = interpret(this.step.graph, inputs, undefined);
      for (const { input, output } of this.step.state) this.state[input] = required(outputs, output);
      for (const name of this.step.results) {
        const result = required(outputs, name);
        (results[name] ??= []).push({ ...result, shape: [1, ...result.shape] });
      }
    }
    return Promise.resolve(
      Object.fromEntries(Object.entries(results).map(([name, parts]) => [name, joinLeading(parts)])),
    );
  }

  dispose(): Promise<void> {
    this.data = {};
    this.state = {};
    return Promise.resolve();
  }
}

function required(tensors: Tensors, name: string): TensorData {
  const tensor = tensors[name];
  if (tensor === undefined) throw new Error(`There is no tensor "${name}".`);
  return tensor;
}

function gatherRows(data: TensorData, indices: Int32Array, indexShape: readonly number[]): TensorData {
  const row = data.shape.slice(1);
  const size = sizeOf(row);
  const source = data.data as Exclude<TensorValues, readonly string[]>;
  const Values = source.constructor as new (length: number) => typeof source;
  const gathered = new Values(indices.length * size);
  indices.forEach((index, i) =>
    gathered.set(source.subarray(index * size, (index + 1) * size) as never, i * size),
  );
  return { dtype: data.dtype, shape: [...indexShape, ...row], data: gathered };
}
