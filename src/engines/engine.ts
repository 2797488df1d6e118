import type { TensorData } from '../core/tensor.js';
import type { Graph } from '../graph/graph.js';
import type { StepGraph } from '../graph/step-graph.js';

export const DEVICES = ['cpu', 'webgpu', 'cuda'] as const;
export type Device = (typeof DEVICES)[number];

/** Whether an engine can run on this machine, and with what. */
export type EngineInfo = {
  readonly name: string;
  readonly available: boolean;
  /** Why it is not available, and what to do about it. */
  readonly reason: string | null;
  readonly version: string | null;
  readonly devices: readonly string[];
  /** What else is good to know: where it comes from, and why it lacks a device. */
  readonly note: string | null;
};

export interface EngineOptions {
  readonly device?: Device | undefined;
  /** Threads inside an operation; by default a fixed rule from the graph's sizes, so that results repeat to the bit. */
  readonly threads?: number | undefined;
  /** Is told what the runtime itself has to say. */
  readonly log?: ((line: string) => void) | undefined;
}

export type Tensors = Readonly<Record<string, TensorData>>;

/** A compiled graph. Not to be used by two callers at once unless the engine says otherwise. */
export interface Executable {
  run(inputs: Tensors): Promise<Record<string, TensorData>>;
  dispose(): Promise<void>;
}

/** Some consecutive steps to run in one call. */
export interface StepBatch {
  readonly count: number;
  /** Row indices of all steps, `count × indexShape`. */
  readonly indices: Int32Array;
  /** Per-step inputs, each `[count, ...shape]`. */
  readonly perStep: Tensors;
}

/** A compiled training step together with its state, which stays inside until it is read. */
export interface TrainingSession {
  /** Makes rows (leading axis = row) and resident inputs available; may be called again with other rows. */
  load(data: Tensors): Promise<void>;
  writeState(state: Tensors): Promise<void>;
  readState(): Promise<Record<string, TensorData>>;
  /** Runs the steps in order and returns every result of each step: `[count, ...shape]`. */
  run(batch: StepBatch): Promise<Record<string, TensorData>>;
  dispose(): Promise<void>;
}

export interface Engine {
  readonly name: string;
  probe(): Promise<EngineInfo>;
  /** @throws AimaasError ENGINE_UNAVAILABLE where it cannot compute on the device here, saying what is missing. */
  requireDevice(device: Device): Promise<void>;
  compile(graph: Graph, options: EngineOptions): Promise<Executable>;
  compileTraining(step: StepGraph, options: EngineOptions): Promise<TrainingSession>;
}
