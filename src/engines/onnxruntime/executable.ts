import type * as ort from 'onnxruntime-node';
import type { TensorData } from '../../core/tensor.js';
import { inputInfos, type Graph } from '../../graph/graph.js';
import { toOnnx } from '../../graph/onnx/index.js';
import { checkInputs } from '../check-inputs.js';
import type { EngineOptions, Executable, Tensors } from '../engine.js';
import type { OrtModule } from './runtime.js';
import { loadOnnxRuntime, openSession } from './session.js';
import { fromOrt, toOrt } from './tensors.js';
import { defaultThreads } from './threads.js';

/** A graph compiled by ONNX Runtime. */
class OnnxRuntimeExecutable implements Executable {
  private readonly runtime: OrtModule;
  private readonly session: ort.InferenceSession;
  private readonly graph: Graph;

  constructor(runtime: OrtModule, session: ort.InferenceSession, graph: Graph) {
    this.runtime = runtime;
    this.session = session;
    this.graph = graph;
  }

  async run(inputs: Tensors): Promise<Record<string, TensorData>> {
    checkInputs(inputInfos(this.graph), inputs);
    const feeds: Record<string, ort.Tensor> = {};
    for (const { name } of this.graph.inputs) {
      const given = inputs[name];
      if (given !== undefined) feeds[name] = toOrt(this.runtime, given);
    }
    const results = await this.session.run(feeds);
    return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, fromOrt(tensor)]));
  }

  async dispose(): Promise<void> {
    await this.session.release();
  }
}

export async function compileExecutable(graph: Graph, options: EngineOptions): Promise<Executable> {
  const runtime = await loadOnnxRuntime();
  const threads = options.threads ?? defaultThreads(graph);
  const session = await openSession(runtime, toOnnx(graph), threads, options);
  return new OnnxRuntimeExecutable(runtime, session, graph);
}
