import type { TensorData } from '../../core/tensor.js';
import { inputInfos, type Graph, valueInfo } from '../../graph/graph.js';
import { type ExecutableModel, executableModel } from '../../graph/tensorflow/executable-model.js';
import { checkInputs } from '../check-inputs.js';
import type { EngineOptions, Executable, Tensors } from '../engine.js';
import { carried, LoadedModel, uncarried } from './model.js';

/** A graph loaded by TensorFlow. */
class TensorFlowExecutable implements Executable {
  private readonly model: LoadedModel;
  private readonly names: ExecutableModel;
  private readonly graph: Graph;

  constructor(model: LoadedModel, names: ExecutableModel, graph: Graph) {
    this.model = model;
    this.names = names;
    this.graph = graph;
  }

  async run(inputs: Tensors): Promise<Record<string, TensorData>> {
    // What fails inside TensorFlow leaves its tensors behind, so mistakes are found before.
    checkInputs(inputInfos(this.graph), inputs);
    const feeds: Record<string, TensorData> = {};
    for (const [name, feed] of this.names.feeds) {
      const given = inputs[name];
      if (given !== undefined) feeds[feed] = carried(given);
    }
    const wanted = [...this.names.fetches];
    const results = await this.model.run(
      feeds,
      wanted.map(([, fetch]) => fetch),
    );
    const dtypes = new Map(
      this.graph.outputs.map(({ name, value }) => [name, valueInfo(this.graph, value).dtype]),
    );
    return Object.fromEntries(
      wanted.flatMap(([name], i) => {
        const [result, dtype] = [results[i], dtypes.get(name)];
        return result === undefined || dtype === undefined ? [] : [[name, uncarried(result, dtype)]];
      }),
    );
  }

  dispose(): Promise<void> {
    return this.model.close();
  }
}

export async function compileExecutable(graph: Graph, options: EngineOptions): Promise<Executable> {
  const names = executableModel(graph);
  return new TensorFlowExecutable(await LoadedModel.open(names.bytes, options), names, graph);
}
