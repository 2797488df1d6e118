import { AimaasError } from '../../core/errors.js';
import { valueInfo, type Graph, type ValueId, type ValueInfo } from '../graph.js';
import { optimizeForOnnx } from './optimize.js';
import type { StepGraph } from '../step-graph.js';
import { onnxModel } from './index.js';
import { lowerNodes } from './lower.js';
import { OnnxWriter } from './writer.js';

/** Names of the inputs that the training model has besides those of the step. */
export const LOOP_INPUTS = { steps: 'loop.steps', indices: 'loop.indices' } as const;

/**
 * A training step as an ONNX model that runs many steps in one call: a Loop that carries the state, gathers the rows of
 * each step from the resident data, and stacks the results.
 *
 * Inputs: `loop.steps` int64 [], `loop.indices` int32 [steps, ...indexShape], the per-step inputs with a leading axis of
 * steps, the state, the rows (leading axis = row of the data set) and the resident inputs under their names in the step.
 * Outputs: the state and the results (with a leading axis of steps) under their output names in the step.
 */
export function trainingLoopOnnx(step: StepGraph): Uint8Array {
  const graph = optimizeForOnnx(step.graph);
  const inputs = named(graph, 'inputs');
  const outputs = named(graph, 'outputs');
  const outer = new OnnxWriter();
  for (const name of [...inputs.keys(), ...outputs.keys()]) outer.names.reserve(name);
  for (const name of Object.values(LOOP_INPUTS)) outer.names.reserve(name);
  const body = new OnnxWriter(outer.names);

  outer.inputs.push({ name: LOOP_INPUTS.steps, dtype: 'int64', shape: [] });
  const iteration = body.names.next('iteration');
  const condition = body.names.next('condition');
  body.inputs.push({ name: iteration, dtype: 'int64', shape: [] });
  body.inputs.push({ name: condition, dtype: 'bool', shape: [] });

  const given = new Map<ValueId, string>();
  const initialState: string[] = [];
  for (const { input } of step.state) {
    const { value, info } = required(inputs, input);
    const carried = body.names.next('state');
    outer.inputs.push({ name: input, ...info });
    body.inputs.push({ name: carried, ...info });
    initialState.push(input);
    given.set(value, carried);
  }
  if (step.rows.length > 0) {
    outer.inputs.push({ name: LOOP_INPUTS.indices, dtype: 'int32', shape: ['steps', ...step.indexShape] });
    const indices = body.emit('Gather', [LOOP_INPUTS.indices, iteration], { axis: { int: 0 } });
    for (const name of step.rows) {
      const { value, info } = required(inputs, name);
      const row = info.shape.slice(step.indexShape.length);
      outer.inputs.push({ name, dtype: info.dtype, shape: ['rows', ...row] });
      given.set(value, body.emit('Gather', [name, indices], { axis: { int: 0 } }));
    }
  }
  for (const name of step.perStep) {
    const { value, info } = required(inputs, name);
    outer.inputs.push({ name, dtype: info.dtype, shape: ['steps', ...info.shape] });
    given.set(value, body.emit('Gather', [name, iteration], { axis: { int: 0 } }));
  }
  for (const name of step.resident) {
    const { value, info } = required(inputs, name);
    outer.inputs.push({ name, ...info });
    given.set(value, name);
  }
  for (const [name, { value }] of inputs) {
    if (!given.has(value)) {
      throw new AimaasError(
        'INTERNAL',
        `The step's input "${name}" is neither state, row, per-step nor resident.`,
      );
    }
  }

  const made = lowerNodes(graph, body, given);
  const results = [...step.state.map(({ output }) => output), ...step.results];
  const still = body.emit('Identity', [condition]);
  body.outputs.push({ name: still, dtype: 'bool', shape: [] });
  // A Loop's outputs must each be made by a node of their own; what is not is passed through one.
  const fresh = new Set(body.nodes.flatMap((node) => node.outputs));
  for (const name of results) {
    const { info } = required(outputs, name);
    const source = made[name] ?? name;
    const own = fresh.delete(source) ? source : body.emit('Identity', [source]);
    body.outputs.push({ name: own, ...info });
  }
  const always = outer.scalar(1, 'bool');
  outer.node(
    'Loop',
    [LOOP_INPUTS.steps, always, ...initialState],
    { body: { graph: body.graph('step') } },
    results,
  );
  for (const { output } of step.state)
    outer.outputs.push({ name: output, ...required(outputs, output).info });
  for (const name of step.results) {
    const { info } = required(outputs, name);
    outer.outputs.push({ name, dtype: info.dtype, shape: ['steps', ...info.shape] });
  }
  return onnxModel(outer.graph('training'));
}

interface Named {
  readonly value: ValueId;
  readonly info: ValueInfo;
}

function named(graph: Graph, side: 'inputs' | 'outputs'): Map<string, Named> {
  return new Map(graph[side].map(({ name, value }) => [name, { value, info: valueInfo(graph, value) }]));
}

function required(values: ReadonlyMap<string, Named>, name: string): Named {
  const value = values.get(name);
  if (value === undefined) throw new AimaasError('INTERNAL', `The training step has no "${name}".`);
  return value;
}
