import type * as ort from 'onnxruntime-node';
import { AimaasError } from '../../core/errors.js';
import type { TensorData } from '../../core/tensor.js';
import { inputInfos } from '../../graph/graph.js';
import { LOOP_INPUTS, trainingLoopOnnx } from '../../graph/onnx/training-loop.js';
import type { StepGraph } from '../../graph/step-graph.js';
import type { EngineOptions, StepBatch, Tensors, TrainingSession } from '../engine.js';
import { StepsPerCall } from '../steps-per-call.js';
import { checkBatch, checkGiven, joinLeading, sliceLeading } from '../step-inputs.js';
import type { OrtModule } from './runtime.js';
import { loadOnnxRuntime, openSession } from './session.js';
import { fromOrt, toOrt } from './tensors.js';
import { defaultThreads } from './threads.js';

/** A training step compiled by ONNX Runtime, with state and data as its tensors. */
class OnnxRuntimeTraining implements TrainingSession {
  private readonly runtime: OrtModule;
  private readonly session: ort.InferenceSession;
  private readonly step: StepGraph;
  private data: Record<string, ort.Tensor> = {};
  private state: Record<string, ort.Tensor> = {};
  private readonly pace = new StepsPerCall();

  constructor(runtime: OrtModule, session: ort.InferenceSession, step: StepGraph) {
    this.runtime = runtime;
    this.session = session;
    this.step = step;
  }

  load(data: Tensors): Promise<void> {
    const names = [...this.step.rows, ...this.step.resident];
    checkGiven(
      names.filter((name) => this.data[name] === undefined),
      data,
      'data',
    );
    this.data = { ...this.data, ...this.tensors(names, data) };
    return Promise.resolve();
  }

  writeState(state: Tensors): Promise<void> {
    const infos = inputInfos(this.step.graph);
    const names = this.step.state.map(({ input }) => input);
    checkGiven(
      names.filter((name) => this.state[name] === undefined),
      state,
      'state',
    );
    for (const name of names) {
      const [given, expected] = [state[name], infos[name]];
      if (given === undefined || expected === undefined) continue;
      if (given.shape.join(',') !== expected.shape.join(',') || given.dtype !== expected.dtype) {
        throw new AimaasError(
          'INTERNAL',
          `The state "${name}" is ${given.dtype} [${given.shape.join(', ')}], expected ${expected.dtype} [${expected.shape.join(', ')}].`,
        );
      }
    }
    this.state = { ...this.state, ...this.tensors(names, state, true) };
    return Promise.resolve();
  }

  readState(): Promise<Record<string, TensorData>> {
    // A copy: what is read must not change when training goes on.
    const copies = Object.entries(this.state).map(
      ([name, tensor]) => [name, copyOf(fromOrt(tensor))] as const,
    );
    return Promise.resolve(Object.fromEntries(copies));
  }

  async run(batch: StepBatch): Promise<Record<string, TensorData>> {
    checkBatch(this.step, batch);
    const parts: Record<string, TensorData[]> = {};
    for (const name of this.step.results) parts[name] = [];
    const perIndex = batch.count === 0 ? 0 : batch.indices.length / batch.count;
    for (let from = 0; from < batch.count;) {
      const to = Math.min(batch.count, from + this.pace.steps);
      const started = performance.now();
      const results = await this.runSome(batch, from, to, perIndex);
      this.pace.took(to - from, performance.now() - started);
      for (const name of this.step.results) {
        const tensor = results[name];
        if (tensor !== undefined) parts[name]?.push(fromOrt(tensor));
      }
      from = to;
    }
    const infos = this.step.results.map((name) => [name, joinLeading(parts[name] ?? [])] as const);
    return Object.fromEntries(infos);
  }

  async dispose(): Promise<void> {
    this.data = {};
    this.state = {};
    await this.session.release();
  }

  private async runSome(
    batch: StepBatch,
    from: number,
    to: number,
    perIndex: number,
  ): Promise<ort.InferenceSession.OnnxValueMapType> {
    const { Tensor } = this.runtime;
    const feeds: Record<string, ort.Tensor> = { ...this.data, ...this.state };
    feeds[LOOP_INPUTS.steps] = new Tensor('int64', BigInt64Array.of(BigInt(to - from)), []);
    if (this.step.rows.length > 0) {
      const indices = batch.indices.subarray(from * perIndex, to * perIndex);
      feeds[LOOP_INPUTS.indices] = new Tensor('int32', indices, [to - from, ...this.step.indexShape]);
    }
    const infos = inputInfos(this.step.graph);
    for (const name of this.step.perStep) {
      const given = batch.perStep[name];
      if (given === undefined) continue;
      const whole = { ...given, shape: [batch.count, ...(infos[name]?.shape ?? [])] };
      feeds[name] = toOrt(this.runtime, sliceLeading(whole, from, to));
    }
    const results = await this.session.run(feeds);
    for (const { input, output } of this.step.state) {
      const tensor = results[output];
      if (tensor !== undefined) this.state[input] = tensor;
    }
    return results;
  }

  private tensors(names: readonly string[], given: Tensors, copy = false): Record<string, ort.Tensor> {
    return Object.fromEntries(
      names.flatMap((name) => {
        const tensor = given[name];
        return tensor === undefined ? [] : [[name, toOrt(this.runtime, copy ? copyOf(tensor) : tensor)]];
      }),
    );
  }
}

function copyOf(tensor: TensorData): TensorData {
  return { ...tensor, data: tensor.data.slice() };
}

export async function compileTraining(step: StepGraph, options: EngineOptions): Promise<TrainingSession> {
  const runtime = await loadOnnxRuntime();
  const threads = options.threads ?? defaultThreads(step.graph);
  const session = await openSession(runtime, trainingLoopOnnx(step), threads, options);
  return new OnnxRuntimeTraining(runtime, session, step);
}
