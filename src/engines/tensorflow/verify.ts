import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AimaasError } from '../../core/errors.js';
import { float32 } from '../../core/tensor.js';
import { GraphBuilder } from '../../graph/builder.js';
import type { StepGraph } from '../../graph/step-graph.js';
import { trainingModel } from '../../graph/tensorflow/training-model.js';
import { HostProcess } from './host-process.js';
import { environment } from './hosts.js';
import type { Description } from './messages.js';

const STEPS = 3;
const RATE = 0.25;

/** Rows x and y = 3x, from which a weight is learned. */
const X = Float32Array.of(1, 2, -1, 0.5);
const Y = X.map((x) => 3 * x);

/** A step of gradient descent on ½(wx − y)², a row at a time. */
function step(): StepGraph {
  const builder = new GraphBuilder();
  const weight = builder.input('weight', [1]);
  const [x, y] = [builder.input('x', [1]), builder.input('y', [1])];
  const rate = builder.input('rate', []);
  const error = builder.op('Sub', [builder.op('Multiply', [weight, x]), y]);
  const change = builder.op('Multiply', [builder.op('Multiply', [error, x]), rate]);
  builder.output('next', builder.op('Sub', [weight, change]));
  builder.output('error', error);
  return {
    graph: builder.build(),
    state: [{ input: 'weight', output: 'next' }],
    rows: ['x', 'y'],
    indexShape: [1],
    perStep: ['rate'],
    resident: [],
    results: ['error'],
  };
}

/** What the weight is after the steps. */
function expectedWeight(): number {
  let weight = 0;
  for (let i = 0; i < STEPS; i++) {
    const x = X[i] ?? 0;
    weight -= RATE * (weight * x - (Y[i] ?? 0)) * x;
  }
  return weight;
}

/**
 * Trains a few steps with an addon in a process of its own, and compares what was learned with what should be.
 * @throws AimaasError ENGINE_UNAVAILABLE where it cannot be loaded or computes something else.
 */
export async function verifyAddon(addon: string): Promise<Description> {
  const host = new HostProcess({ addon, env: environment({}) });
  const folder = await mkdtemp(join(tmpdir(), 'aimaas-graph-'));
  try {
    const description = await host.describe();
    const { bytes, state, data, run } = trainingModel(step(), { inlined: false });
    await writeFile(join(folder, 'saved_model.pb'), bytes);
    const model = await host.open(folder);
    const values = {
      ...{ weight: float32([1], new Float32Array(1)) },
      x: float32([4], X),
      y: float32([4], Y),
    };
    for (const [name, tensor] of Object.entries(values)) {
      const variable = state.get(name) ?? data.get(name);
      if (variable !== undefined) await host.run(model, { [variable.feed]: tensor }, [variable.written]);
    }
    const rates = float32([STEPS], new Float32Array(STEPS).fill(RATE));
    const feeds = {
      [run.steps]: { dtype: 'int32' as const, shape: [], data: Int32Array.of(STEPS) },
      [run.indices ?? '']: { dtype: 'int32' as const, shape: [STEPS, 1], data: Int32Array.of(0, 1, 2) },
      [run.perStep.get('rate') ?? '']: rates,
    };
    await host.run(model, feeds, [run.done]);
    const [weight] = await host.run(model, {}, [state.get('weight')?.read ?? '']);
    const learned = Number(weight?.data[0]);
    if (Math.abs(learned - expectedWeight()) > 1e-5) {
      throw new Error(`a training step gave ${learned}, expected ${expectedWeight()}.`);
    }
    return description;
  } catch (cause) {
    if (cause instanceof AimaasError) throw cause;
    throw new AimaasError(
      'ENGINE_UNAVAILABLE',
      `TensorFlow was set up, but does not work: ${(cause as Error).message}`,
      { hint: 'Another version may: aimaas engines install tensorflow --python PATH', cause },
    );
  } finally {
    host.kill();
    await rm(folder, { recursive: true, force: true });
  }
}
