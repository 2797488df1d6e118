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
      [/has 2 inputs .*expected one that takes all 15 features/],
    ],
  ])('says what is wrong: %s', async (_name, content, expected) => {
    const stderr = await failure('bad.js', content);
    for (const pattern of expected) expect(stderr).toMatch(pattern);
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
