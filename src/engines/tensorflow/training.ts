import { AimaasError } from '../../core/errors.js';
import type { TensorData } from '../../core/tensor.js';
import { inputInfos, valueInfo, type ValueInfo } from '../../graph/graph.js';
import type { StepGraph } from '../../graph/step-graph.js';
import {
  type TrainingModel,
  trainingModel,
  type VariableAccess,
} from '../../graph/tensorflow/training-model.js';
import type { EngineOptions, StepBatch, Tensors, TrainingSession } from '../engine.js';
import { checkBatch, checkGiven, joinLeading, sliceLeading } from '../step-inputs.js';
import { StepsPerCall } from '../steps-per-call.js';
import { hasBigOperations } from './big-operations.js';
import { carried, LoadedModel, uncarried } from './model.js';

/** A training step in a session of TensorFlow, whose variables are its state and its data. */
class TensorFlowTraining implements TrainingSession {
  private readonly model: LoadedModel;
  private readonly names: TrainingModel;
  private readonly step: StepGraph;
  private readonly infos: Readonly<Record<string, ValueInfo>>;
  private readonly results: ReadonlyMap<string, ValueInfo>;
  private readonly written = new Set<string>();
  private readonly pace = new StepsPerCall();

  constructor(model: LoadedModel, names: TrainingModel, step: StepGraph) {
    this.model = model;
    this.names = names;
    this.step = step;
    this.infos = inputInfos(step.graph);
    this.results = new Map(step.graph.outputs.map(({ name, value }) => [name, valueInfo(step.graph, value)]));
  }

  async load(data: Tensors): Promise<void> {
    const names = [...this.step.rows, ...this.step.resident];
    await this.write(this.names.data, names, data, 'data');
  }

  async writeState(state: Tensors): Promise<void> {
    const names = this.step.state.map(({ input }) => input);
    for (const name of names) {
      const [given, expected] = [state[name], this.infos[name]];
      if (given === undefined || expected === undefined) continue;
      if (given.shape.join(',') !== expected.shape.join(',') || given.dtype !== expected.dtype) {
        throw new AimaasError(
          'INTERNAL',
          `The state "${name}" is ${given.dtype} [${given.shape.join(', ')}], expected ${expected.dtype} [${expected.shape.join(', ')}].`,
        );
      }
    }
    await this.write(this.names.state, names, state, 'state');
  }

  async readState(): Promise<Record<string, TensorData>> {
    const variables = [...this.names.state];
    const values = await this.model.run(
      {},
      variables.map(([, { read }]) => read),
    );
    return Object.fromEntries(
      variables.flatMap(([name], i) => {
        const [value, info] = [values[i], this.infos[name]];
        return value === undefined || info === undefined ? [] : [[name, uncarried(value, info.dtype)]];
      }),
    );
  }

  async run(batch: StepBatch): Promise<Record<string, TensorData>> {
    checkBatch(this.step, batch);
    for (const name of [...this.names.data.keys(), ...this.names.state.keys()]) {
      if (!this.written.has(name))
        throw new AimaasError('INTERNAL', `The "${name}" of the training step is not given.`);
    }
    const parts = this.step.results.map((): TensorData[] => []);
    for (let from = 0; from < batch.count;) {
      const to = Math.min(batch.count, from + this.pace.steps);
      const started = performance.now();
      const results = await this.runSome(batch, from, to);
      this.pace.took(to - from, performance.now() - started);
      parts.forEach((list, i) => {
        const result = results[i];
        if (result !== undefined) list.push(result);
      });
      from = to;
    }
    return Object.fromEntries(this.step.results.map((name, i) => [name, joinLeading(parts[i] ?? [])]));
  }

  dispose(): Promise<void> {
    return this.model.close();
  }

  private async runSome(batch: StepBatch, from: number, to: number): Promise<TensorData[]> {
    const { run } = this.names;
    const feeds: Record<string, TensorData> = {
      [run.steps]: { dtype: 'int32', shape: [], data: Int32Array.of(to - from) },
    };
    if (run.indices !== undefined) {
      const perStep = batch.indices.length / batch.count;
      feeds[run.indices] = {
        dtype: 'int32',
        shape: [to - from, ...this.step.indexShape],
        data: batch.indices.subarray(from * perStep, to * perStep),
      };
    }
    for (const [name, feed] of run.perStep) {
      const given = batch.perStep[name];
      if (given === undefined) continue;
      const whole = { ...given, shape: [batch.count, ...(this.infos[name]?.shape ?? [])] };
      feeds[feed] = carried(sliceLeading(whole, from, to));
    }
    const results = await this.model.run(feeds, [...run.results.values(), run.done]);
    return [...run.results.keys()].flatMap((name, i) => {
      const [result, info] = [results[i], this.results.get(name)];
      return result === undefined || info === undefined ? [] : [uncarried(result, info.dtype)];
    });
  }

  private async write(
    variables: ReadonlyMap<string, VariableAccess>,
    names: readonly string[],
    given: Tensors,
    what: string,
  ): Promise<void> {
    checkGiven(
      names.filter((name) => !this.written.has(name)),
      given,
      what,
    );
    for (const name of names) {
      const [variable, tensor] = [variables.get(name), given[name]];
      if (variable === undefined || tensor === undefined) continue;
      await this.model.run({ [variable.feed]: carried(tensor) }, [variable.written]);
      this.written.add(name);
    }
  }
}

export async function compileTraining(step: StepGraph, options: EngineOptions): Promise<TrainingSession> {
  const names = trainingModel(step, { inlined: hasBigOperations(step.graph) });
  return new TensorFlowTraining(await LoadedModel.open(names.bytes, options), names, step);
}
