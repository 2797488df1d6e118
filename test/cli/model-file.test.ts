import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli, runJson, spawnCli, temporaryFolder } from '../helpers/cli.js';

const EXAMPLE = fileURLToPath(new URL('../../examples/penguins/penguins.csv', import.meta.url));

type Trained = {
  readonly run: string;
  readonly upToDate: boolean;
  readonly folder: string;
  readonly epochs: number;
  readonly parameters: number;
  readonly model: { readonly family: string; readonly params: Record<string, unknown> };
  readonly validation: Record<string, number>;
  readonly baseline: Record<string, number>;
};

/** Dense layers with everything that a step has besides weights: statistics, noise, a regularizer and a constraint. */
const MODEL = `
export const parameters = {
  units: { type: 'integer', minimum: 2, maximum: 64, default: 8 },
  activation: { type: 'choice', choices: ['relu', 'tanh'], default: 'relu' },
};

export default ({ tf, inputShape, outputUnits, outputActivation, params }) => {
  const { units, activation } = params;
  const model = tf.sequential();
  model.add(tf.layers.dense({ inputShape, units, activation, kernelRegularizer: 'l1l2' }));
  model.add(tf.layers.batchNormalization());
  model.add(tf.layers.dropout({ rate: 0.2 }));
  model.add(tf.layers.gaussianNoise({ stddev: 0.1 }));
  model.add(tf.layers.dense({ units: outputUnits, activation: outputActivation, kernelConstraint: 'maxNorm' }));
  return model;
};
`;

/** MODEL with a layer of its own, named own_layer, in place of the batch normalisation. */
function withLayer(call: string): string {
  return MODEL.replace(
    'const model',
    `const one = (x) => (Array.isArray(x) ? x[0] : x);
  class Own extends tf.layers.Layer {
    static className = 'Own';
    ${call}
  }
  const model`,
  ).replace('tf.layers.batchNormalization()', "new Own({ name: 'own_layer' })");
}

describe('aimaas train --model FILE', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let cwd: string;
  beforeAll(async () => {
    folder = await temporaryFolder();
    cwd = folder.path;
    await cp(EXAMPLE, join(cwd, 'penguins.csv'));
    await runJson(['collect', 'penguins.csv', '--target', 'species'], { cwd });
    await runJson(['preprocess'], { cwd });
  });
  afterAll(() => folder.dispose());

  /** Writes a file and trains with it. */
  async function trained(name: string, content: string, ...flags: string[]): Promise<Trained> {
    await writeFile(join(cwd, name), content);
    return runJson<Trained>(['train', '--model', `./${name}`, '--epochs', '12', ...flags], { cwd });
  }

  async function failure(name: string, content: string, ...flags: string[]): Promise<string> {
    await writeFile(join(cwd, name), content);
    const result = await runCli(['train', '--model', `./${name}`, '--epochs', '2', ...flags], { cwd });
    expect(result.code).toBe(2);
    return result.stderr;
  }

  it('learns, is up to date the second time, and is another run when the file changes', async () => {
    const first = await trained('my-model.js', MODEL);
    expect(first.validation.accuracy).toBeGreaterThan(first.baseline.accuracy as number);
    expect(first.model).toEqual({ family: 'my-model.js', params: { units: 8, activation: 'relu' } });
    const again = await runJson<Trained>(['train', '--model', join(cwd, 'my-model.js'), '--epochs', '12'], {
      cwd,
    });
    expect(again).toMatchObject({ run: first.run, upToDate: true });
    const changed = await trained('my-model.js', `${MODEL}\n// changed`);
    expect(changed.run).not.toBe(first.run);
    expect(changed.validation).toEqual(first.validation);
    const asked = await trained('my-model.js', MODEL, '--param', 'units=3', '--param', 'activation=tanh');
    expect(asked.model.params).toEqual({ units: 3, activation: 'tanh' });
    expect(asked.parameters).toBeLessThan(first.parameters);
  });

  it('keeps a copy of the file and those it imports, and goes on with it after an interrupt, to the bit', async () => {
    await mkdir(join(cwd, 'parts'), { recursive: true });
    await writeFile(join(cwd, 'parts', 'block.js'), 'export const units = 6;\n');
    const content = `import { units } from './parts/block.js';\n${MODEL.replace('const { units, activation } = params;', 'const { activation } = params;')}`;
    const whole = await trained('with-parts.js', content, '--members', '2', '--ema', '0.9');
    expect(await readdir(join(whole.folder, 'source'), { recursive: true })).toEqual(
      expect.arrayContaining(['with-parts.js', join('parts', 'block.js')]),
    );
    const weights = await readFile(join(whole.folder, 'weights.safetensors'));

    const cut = new AbortController();
    setTimeout(() => cut.abort(), 400);
    const flags = ['train', '--model', './with-parts.js', '--epochs', '12', '--members', '2', '--ema', '0.9'];
    const stopped = await runCli([...flags, '--force'], { cwd, signal: cut.signal });
    // Where the machine was so quick that nothing was left to cut off, the weights are there already.
    expect([0, 130]).toContain(stopped.code);
    await writeFile(join(cwd, 'parts', 'block.js'), 'export const units = 60;\n');
    if (stopped.code === 130) await runJson(['train', '--resume', whole.run], { cwd });
    expect(await readFile(join(whole.folder, 'weights.safetensors'))).toEqual(weights);
  });

  it('starts from the weights of another run, and is cross-validated, exported and asked like any other', async () => {
    const first = await trained('my-model.js', MODEL);
    const tuned = await trained('my-model.js', MODEL, '--from', first.run, '--learning-rate', '0.0001');
    expect(tuned.run).not.toBe(first.run);
    const [before, after] = [first, tuned].map((run) => run.validation.log_loss as number);
    expect(Math.abs((after as number) - (before as number))).toBeLessThan(0.4);
    const folds = await runJson<{ metrics: Record<string, number> }>(
      ['evaluate', '--folds', '2', '--run', first.run],
      { cwd },
    );
    expect(folds.metrics.accuracy).toBeGreaterThan(0.5);
    await runJson(['export', '--run', tuned.run, '--name', 'mine'], { cwd });
    const answers = await runCli(['predict', 'mine', 'penguins.csv'], { cwd });
    expect(answers.stdout.split('\n')[0]).toContain('probability_Gentoo');
  });

  it('is searched over the parameters that the file declares', async () => {
    await writeFile(join(cwd, 'my-model.js'), MODEL);
    const search = await runJson<{ leaderboard: { family: string; params: Record<string, unknown> }[] }>(
      ['optimize', '--models', './my-model.js', '--trials', '3', '--jobs', '1', '--space', 'epochs=4'],
      { cwd },
    );
    const trials = search.leaderboard.filter((row) => row.family === './my-model.js');
    expect(trials).toHaveLength(3);
    expect(Object.keys(trials[0]?.params ?? {})).toEqual(
      expect.arrayContaining(['units', 'activation', 'learningRate']),
    );
  });

  it.each([
    [
      'a function that answers later',
      'later.mjs',
      MODEL.replace('export default (', 'export default async (').replace(
        'return model;',
        'await new Promise((resolve) => setTimeout(resolve, 1)); return model;',
      ),
    ],
    [
      'an optimizer and a loss of its own',
      'compiled.js',
      MODEL.replace(
        'return model;',
        'model.compile({ optimizer: tf.train.adamax(0.01), loss: (y, p) => tf.mean(tf.square(tf.sub(y, p)), -1) }); return model;',
      ),
    ],
    [
      'a single sigmoid is not needed: logits will do',
      'logits.js',
      MODEL.replace('activation: outputActivation', "activation: 'linear'"),
    ],
  ])('takes %s', async (_name, file, content) => {
    const run = await trained(file, content);
    expect(run.validation.accuracy).toBeGreaterThan(run.baseline.accuracy as number);
  });

  it('stays a number where a layer divides by a sum and the last batch is short', async () => {
    const content = MODEL.replace(
      'const model',
      `class Share extends tf.layers.Layer {
        static className = 'Share';
        call(x) { const y = Array.isArray(x) ? x[0] : x; return tf.div(y, tf.sum(tf.abs(y), -1, true)); }
      }
      const model`,
    ).replace('model.add(tf', 'model.add(new Share({ inputShape })); model.add(tf');
    const run = await trained('share.js', content, '--batch-size', '100');
    expect(run.epochs).toBe(12);
  });

  it('uses the optimizer and the loss that the model is compiled with', async () => {
    const content = MODEL.replace(
      'return model;',
      "model.compile({ optimizer: tf.train.momentum(0.02, 0.8, true), loss: 'meanSquaredError' }); return model;",
    );
    const run = await trained('compiled.js', content);
    const manifest = JSON.parse(await readFile(join(run.folder, 'manifest.json'), 'utf8')) as {
      content: { options: Record<string, unknown> };
    };
    expect(manifest.content.options).toMatchObject({
      optimizer: 'nesterov',
      learningRate: expect.closeTo(0.02, 6) as number,
      momentum: expect.closeTo(0.8, 6) as number,
      loss: 'meanSquaredError',
    });
  });

  it('takes a model.json of Keras 3', async () => {
    const keras = {
      class_name: 'Sequential',
      module: 'keras',
      config: {
        name: 'sequential',
        dtype: {
          module: 'keras',
          class_name: 'DTypePolicy',
          config: { name: 'float32' },
          registered_name: null,
        },
        layers: [
          { class_name: 'InputLayer', config: { batch_shape: [null, 15], dtype: 'float32', name: 'input' } },
          layerOfKeras('dense', { units: 8, activation: 'relu', kernel_regularizer: l2(0.001) }),
          layerOfKeras('dense_1', { units: 3, activation: 'softmax' }),
        ],
      },
    };
    const run = await trained('keras.json', JSON.stringify(keras), '--optimizer', 'adam');
    expect(run.parameters).toBe(15 * 8 + 8 + 8 * 3 + 3);
    expect(run.validation.accuracy).toBeGreaterThan(run.baseline.accuracy as number);
  });

  it.each([
    [
      'a last layer of the wrong size',
      MODEL.replace('units: outputUnits', 'units: 5'),
      [
        /The last layer "dense_Dense\d+" of bad\.js gives \[batch, 5\]; expected \[batch, 3\] for the 3 classes\./,
      ],
    ],
    [
      'an input of the wrong size',
      MODEL.replace('inputShape, units', 'inputShape: [99], units'),
      [/The input layer "dense_Dense\d+_input" of bad\.js takes \[batch, 99\]; the features have 15 columns/],
    ],
    [
      'a layer that does not fit the one before',
      MODEL.replace('tf.layers.batchNormalization()', 'tf.layers.conv2d({ filters: 2, kernelSize: 3 })'),
      [/bad\.js failed while it made its model: .*conv2d_Conv2D\d+.*expected ndim=4/, /at .*bad\.js:\d+:\d+/],
    ],
    [
      'a mistake in the code',
      MODEL.replace('const model = tf.sequential();', 'const model = tf.sequentail();'),
      [
        /bad\.js failed while it made its model: TypeError: tf\.sequentail is not a function/,
        /at .*bad\.js:9:\d+/,
      ],
    ],
    [
      'a named export only',
      'export function createModel() {}',
      [/bad\.js has no function as its default export: it exports createModel/, /export default createModel/],
    ],
    ['nothing returned', 'export default () => {};', [/The function of bad\.js returned nothing/]],
    [
      'a layer that reads values',
      MODEL.replace(
        'const model',
        `class Reads extends tf.layers.Layer {
          static className = 'Reads';
          call(x) { const y = Array.isArray(x) ? x[0] : x; y.dataSync(); return y; }
        }
        const model`,
      ).replace('tf.layers.batchNormalization()', "new Reads({ name: 'reads_values' })"),
      [/Layer "reads_values" of bad\.js: The value of a tensor was read/],
    ],
    [
      'random numbers that would be frozen',
      MODEL.replace(
        'const model',
        `class Frozen extends tf.layers.Layer {
          static className = 'Frozen';
          call(x) { const y = Array.isArray(x) ? x[0] : x; return tf.add(y, tf.truncatedNormal(y.shape)); }
        }
        const model`,
      ).replace('tf.layers.batchNormalization()', "new Frozen({ name: 'frozen' })"),
      [/Layer "frozen" of bad\.js: tf\.truncatedNormal/],
    ],
    [
      'a gradient that fails',
      MODEL.replace(
        'const model',
        `const halted = tf.customGrad((x) => ({ value: tf.square(x), gradFunc: (dy) => dy.no.such }));
        class Halted extends tf.layers.Layer {
          static className = 'Halted';
          call(x) { return halted(Array.isArray(x) ? x[0] : x); }
        }
        const model`,
      ).replace('tf.layers.batchNormalization()', "new Halted({ name: 'halted' })"),
      [/bad\.js has a layer "halted" that failed: TypeError: .*'such'/, /at .*bad\.js:\d+:\d+/],
    ],
    [
      'an operation without a gradient',
      MODEL.replace(
        'const model',
        `class Slope extends tf.layers.Layer {
          static className = 'Slope';
          call(x) { return tf.grad((y) => tf.elu(y))(Array.isArray(x) ? x[0] : x); }
        }
        const model`,
      ).replace('tf.layers.batchNormalization()', "new Slope({ name: 'slope' })"),
      [/The operation EluGrad \(in layer "slope" of bad\.js\) cannot be part .*: it has no gradient/],
    ],
    [
      'an operation that cannot be compiled',
      MODEL.replace(
        'const model',
        `class Odd extends tf.layers.Layer {
          static className = 'Odd';
          call(x) { return tf.unique(Array.isArray(x) ? x[0] : x).values; }
        }
        const model`,
      ).replace('tf.layers.batchNormalization()', "new Odd({ name: 'odd' })"),
      [/The operation Unique \(in layer "odd" of bad\.js\) cannot be part of a compiled model/],
    ],
    [
      'a loss that fails',
      MODEL.replace(
        'return model',
        "model.compile({ optimizer: 'sgd', loss: (truth) => truth.no.such });\n  return model",
      ),
      [/bad\.js is compiled with a loss that failed: TypeError: .*'such'/, /at .*bad\.js:\d+:\d+/],
    ],
    [
      'a loss whose gradient fails',
      MODEL.replace(
        'return model',
        `const halted = tf.customGrad((x) => ({ value: tf.mean(tf.square(x), -1), gradFunc: (dy) => dy.no.such }));
        model.compile({ optimizer: 'sgd', loss: (truth, answer) => halted(tf.sub(truth, answer)) });
        return model`,
      ),
      [/bad\.js is compiled with a loss that failed: TypeError: .*'such'/],
    ],
    [
      'random numbers in answers',
      withLayer('call(x) { const y = one(x); return tf.add(y, tf.randomNormal(y.shape)); }'),
      [/The layer "own_layer" draws random numbers when it is not being trained too/, /kwargs\.training \?/],
    ],
    [
      'random numbers of JavaScript',
      withLayer('call(x) { return tf.mul(one(x), Math.random()); }'),
      [/Layer "own_layer" of bad\.js: Math\.random\(\) is drawn once/, /tf\.randomUniform/],
    ],
    [
      'a layer that answers later',
      withLayer('async call(x) { return one(x); }'),
      [/Layer "own_layer" of bad\.js: Its call\(\) returned a promise; expected a tensor\./, /without async/],
    ],
    [
      'a layer that returns nothing',
      withLayer('call(x) { one(x); }'),
      [/Layer "own_layer" of bad\.js: Its call\(\) returned nothing; expected a tensor\./],
    ],
    ['an object returned', 'export default () => ({});', [/returned an object; expected a tf\.LayersModel/]],
    [
      'a layer that tfjs has not finished',
      `export default ({ tf, inputShape, outputUnits }) => tf.sequential({ layers: [
        tf.layers.reshape({ inputShape, targetShape: [3, 5, 1] }),
        tf.layers.resizing({ height: 4, width: 4, name: 'resized' }),
        tf.layers.flatten(),
        tf.layers.dense({ units: outputUnits }),
      ] });`,
      [
        /The layer "resized" of bad\.js is a Resizing, which TensorFlow\.js has not finished/,
        /resizeBilinear/,
      ],
    ],
    [
      'weights that begin as NaN',
      MODEL.replace(
        "kernelRegularizer: 'l1l2'",
        'kernelInitializer: tf.initializers.constant({ value: NaN })',
      ),
      [/The weight "Dense 1\/kernel" of bad\.js has the first value NaN/, /initializer of the layer/],
    ],
    [
      'several outputs',
      `export default ({ tf, inputShape, outputUnits }) => {
        const x = tf.input({ shape: inputShape });
        const dense = (name) => tf.layers.dense({ units: outputUnits, name }).apply(x);
        return tf.model({ inputs: x, outputs: [dense('one'), dense('other')] });
      };`,
      [/has 2 outputs \(one, other\); expected one/, /train one for each, or join the outputs/],
    ],
    [
      'several losses',
      MODEL.replace(
        'return model;',
        "model.compile({ optimizer: 'sgd', loss: ['meanSquaredError', 'meanAbsoluteError'] }); return model;",
      ),
      [/bad\.js failed while it made its model: .*one entry per model output/, /one output and one loss/],
    ],
    [
      'a regularizer of activities',
      MODEL.replace('kernelRegularizer', 'activityRegularizer'),
      [/activity regularizer/, /at .*bad\.js:\d+:\d+/, /use kernelRegularizer or biasRegularizer/],
    ],
    [
      'parameters that are none',
      MODEL.replace("type: 'integer', minimum: 2", "type: 'integer', minimum: 20"),
      [/"parameters" of bad\.js has "units", which has the default 8; expected a whole number from 20 to 64/],
    ],
    [
      'several inputs',
      `export default ({ tf, outputUnits }) => {
        const [a, b] = [tf.input({ shape: [3] }), tf.input({ shape: [4] })];
        const x = tf.layers.concatenate().apply([a, b]);
        return tf.model({ inputs: [a, b], outputs: tf.layers.dense({ units: outputUnits }).apply(x) });
      };`,
      [
        /has 2 inputs .*expected one that takes all 15 features/,
        /"Parts of the columns" in docs\/models\.md/,
      ],
    ],
  ])('says what is wrong: %s', async (_name, content, expected) => {
    const stderr = await failure('bad.js', content);
    for (const pattern of expected) expect(stderr).toMatch(pattern);
  });

  it('draws random numbers anew in every step where a layer draws them in training', async () => {
    const own = (draw: string): string =>
      withLayer(`call(x, kwargs) { const y = one(x); return kwargs.training ? ${draw} : y; }`);
    const run = await trained('noisy.js', own('tf.add(y, tf.randomNormal(y.shape, 0, 0.1))'));
    const plain = await trained('noisy.js', own('y'));
    expect(run.validation.accuracy).toBeGreaterThan(run.baseline.accuracy as number);
    expect(run.validation.log_loss).not.toBe(plain.validation.log_loss);
  });

  it('names the weights file that is not there', async () => {
    const model = {
      modelTopology: {
        class_name: 'Sequential',
        config: {
          name: 's',
          layers: [{ class_name: 'Dense', config: { name: 'd', units: 3, batch_input_shape: [null, 15] } }],
        },
      },
      weightsManifest: [{ paths: ['absent.bin'], weights: [] }],
    };
    const stderr = await failure('absent.json', JSON.stringify(model));
    expect(stderr).toContain('The weights file absent.bin, which absent.json names, is not there.');
  });

  it('trains the example of docs/models.md that takes parts of the columns', async () => {
    const docs = await readFile(new URL('../../docs/models.md', import.meta.url), 'utf8');
    const section = docs.slice(docs.indexOf('### Parts of the columns'));
    const [, code = ''] = /```js\n([\s\S]*?)```/.exec(section) ?? [];
    const run = await trained('parts.mjs', code);
    expect(run.validation.accuracy).toBeGreaterThan(run.baseline.accuracy as number);
    await runJson(['export', '--run', run.run, '--name', 'parts'], { cwd });
  });

  it.each([
    [
      'an ES module',
      'imports.mjs',
      `import * as layers from 'aimaas/layers';
import tfjs, { dropout } from '@tensorflow/tfjs';
import { Tensor } from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
class Own extends tfl.layers.Layer {
  static className = 'Own';
  call(x, kwargs) {
    const y = Array.isArray(x) ? x[0] : x;
    if (!(y instanceof Tensor)) throw new Error('another tfjs');
    return kwargs.training ? dropout(y, 0.2) : y;
  }
}
export default ({ inputShape, outputUnits, outputActivation }) => tfjs.sequential({ layers: [
  tfl.layers.reshape({ inputShape, targetShape: [15, 1] }),`,
    ],
    [
      'CommonJS',
      'requires.cjs',
      `const layers = require('aimaas/layers');
const tfl = require('@tensorflow/tfjs');
class Own extends tfl.layers.Layer {}
Own.className = 'Own';
module.exports = ({ inputShape, outputUnits, outputActivation }) => tfl.sequential({ layers: [
  tfl.layers.reshape({ inputShape, targetShape: [15, 1] }),`,
    ],
  ])("gives %s this program's own layers and tfjs by name, wherever it lies", async (_kind, name, start) => {
    const content = `${start}
  layers.multiHeadAttention({ numHeads: 1, keyDim: 2 }),
  tfl.layers.flatten(),
  new Own({}),
  tfl.layers.dense({ units: outputUnits, activation: outputActivation }),
] });
`;
    await writeFile(join(cwd, name), content);
    const flags = ['train', '--model', `./${name}`, '--epochs', '2', '--json'];
    const { code, stdout, stderr } = await spawnCli(flags, { cwd });
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('Warning')]);
    expect(JSON.parse(stdout)).toMatchObject({ model: { family: name } });
  });

  it('takes CommonJS in a path of all kinds of letters, and shows where the syntax is wrong', async () => {
    const name = 'mein größtes Modell ü.cjs';
    const commonJs = MODEL.replace('export const parameters =', 'exports.parameters =').replace(
      'export default',
      'exports.default =',
    );
    await writeFile(join(cwd, name), commonJs);
    const flags = ['train', '--model', `./${name}`, '--epochs', '3'];
    const run = await spawnCli([...flags, '--param', 'units=5', '--json'], { cwd });
    expect(JSON.parse(run.stdout)).toMatchObject({ model: { family: name, params: { units: 5 } } });

    await writeFile(join(cwd, name), `${commonJs}\nconst = 3;`);
    const broken = await spawnCli(flags, { cwd });
    expect(broken.code).toBe(2);
    expect(broken.stderr).toMatch(
      /größtes Modell ü\.cjs cannot be loaded: SyntaxError: .*\n\s+at .*ü\.cjs:18/,
    );
  });

  it('says that there is no such file, and names families for a misspelt one', async () => {
    const absent = await runCli(['train', '--model', './no-such.js'], { cwd });
    expect(absent.code).toBe(2);
    expect(absent.stderr).toContain('There is no model file ./no-such.js: no such file.');
    const misspelt = await runCli(['train', '--model', 'mpl'], { cwd });
    expect(misspelt.stderr).toContain('Did you mean "mlp"?');
  });
});

describe('the model file of the cars example', () => {
  it('predicts well on rows it has not seen', async () => {
    const folder = await temporaryFolder();
    const { path: cwd } = folder;
    try {
      await cp(fileURLToPath(new URL('../../examples/cars', import.meta.url)), cwd, { recursive: true });
      await runJson(['collect'], { cwd });
      await runJson(['preprocess'], { cwd });
      await runJson(['train', '--model', './network.js', '--members', '2', '--epochs', '60'], { cwd });
      const { stdout } = await runCli(['evaluate', '--metric', 'r2', '-q'], { cwd });
      expect(Number(stdout)).toBeGreaterThan(0.75);
    } finally {
      await folder.dispose();
    }
  });
});

function l2(strength: number): object {
  return { module: 'keras.regularizers', class_name: 'L2', config: { l2: strength }, registered_name: null };
}

function layerOfKeras(name: string, config: object): object {
  const glorot = { module: 'keras.initializers', class_name: 'GlorotUniform', config: { seed: null } };
  return {
    module: 'keras.layers',
    class_name: 'Dense',
    config: { name, trainable: true, use_bias: true, kernel_initializer: glorot, ...config },
    registered_name: null,
    build_config: { input_shape: [null, 15] },
  };
}
