import type { BundleFormat, BundleManifest, SignatureInput } from '../core/bundle.js';
import type { Json, JsonObject } from '../core/json.js';
import { type FeatureMatrix, featuresSection, pythonOnFeatures } from './readme-features.js';

/** Categories listed of a column. */
const SHOWN_CATEGORIES = 12;

type About = Pick<BundleManifest, 'name' | 'task' | 'classes' | 'signature' | 'formats'> & {
  readonly target: string;
  /** A row as it might come: column → value as in JSON. */
  readonly example: JsonObject;
  /** Where some format takes the features instead of the columns. */
  readonly matrix?: FeatureMatrix | undefined;
};

/** README.md of a bundle: what goes in and comes out, and code that answers for one row with this model's own columns. */
export function bundleReadme(about: About): string {
  const { name, task, classes, target, signature, formats } = about;
  const classList = classes.map((label) => `\`${label}\``).join(', ');
  const what = task === 'regression' ? 'a number' : `one of ${classList}`;
  const rows = signature.inputs.map(
    (input) => `| ${cell(input.name)} | ${input.kind} | ${cell(valuesOf(input))} |`,
  );
  const sections = [
    `# ${name}\n\nA model that predicts ${cell(target)}: ${what}. manifest.json says how good it is, what it was made of, and has the hashes of all files.`,
    `## Columns\n\n| column | kind | values |\n| --- | --- | --- |\n${rows.join('\n')}`,
  ];
  if (formats.onnx?.details.takes === 'columns') sections.push(python(about, formats.onnx));
  const saved = formats['saved-model'];
  if (saved?.details.takes === 'columns') sections.push(pythonTensorFlow(about, saved));
  if (formats.tfjs?.details.takes === 'columns') sections.push(javascript(about, formats.tfjs));
  const { matrix } = about;
  if (matrix !== undefined) sections.push(featuresSection(name, matrix));
  const onFeatures = formats.onnx?.details.takes === 'features' ? formats.onnx : undefined;
  if (matrix !== undefined && onFeatures !== undefined) sections.push(pythonOnFeatures(matrix, onFeatures));
  for (const [format, { details }] of Object.entries(formats)) {
    if (format === 'onnx' || details.takes === 'columns' || typeof details.reason !== 'string') continue;
    sections.push(`## ${format}\n\nTakes the features instead of the columns. ${details.reason}`);
  }
  return `${sections.join('\n\n')}\n`;
}

function cell(text: string): string {
  return text.replace(/[\n\r]+/g, ' ').replaceAll('|', '\\|');
}

function valuesOf({ dtype, categories }: SignatureInput): string {
  if (categories === null) return dtype;
  const more = categories.length - SHOWN_CATEGORIES;
  const shown = categories.slice(0, SHOWN_CATEGORIES).join(', ');
  return more > 0 ? `${shown} and ${more} more` : shown;
}

function isText({ dtype }: SignatureInput): boolean {
  return dtype === 'string';
}

/** A cell as a number of the graph: dates in milliseconds, booleans as 0 and 1, missing as undefined. */
function numberOf(value: Json | undefined): number | undefined {
  if (typeof value === 'string') return Date.parse(value);
  return typeof value === 'number' || typeof value === 'boolean' ? Number(value) : undefined;
}

function namesOf({ details }: BundleFormat): string[] {
  return (details.outputs as readonly { readonly name: string }[]).map(({ name }) => name);
}

/** A cell as Python writes it. */
function pythonLiteral(input: SignatureInput, value: Json | undefined): string {
  if (isText(input)) return JSON.stringify(value ?? '');
  return numberOf(value)?.toString() ?? 'float("nan")';
}

function python({ signature, example }: About, format: BundleFormat): string {
  const feeds = signature.inputs.map((input) => {
    const literal = pythonLiteral(input, example[input.name]);
    return `    ${JSON.stringify(input.name)}: np.array([[${literal}]], dtype=${isText(input) ? 'object' : 'np.float64'}),`;
  });
  return `## Python, with ONNX Runtime

\`pip install onnxruntime\`. A missing number is \`nan\`, missing text \`""\`; dates are milliseconds since 1970-01-01 UTC.

\`\`\`python
import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession("onnx/model.onnx")
row = {
${feeds.join('\n')}
}
answers = dict(zip(${JSON.stringify(namesOf(format))}, session.run(${JSON.stringify(namesOf(format))}, row)))
print(answers)
\`\`\``;
}

function pythonTensorFlow({ signature, example }: About, format: BundleFormat): string {
  const inputs = format.details.inputs as readonly { readonly name: string; readonly column?: string }[];
  const renamed = inputs.filter(({ column }) => column !== undefined);
  const calls = renamed.map(({ name, column }) => `${JSON.stringify(column)} is called \`${name}\``);
  const note =
    calls.length === 0 ? '' : ` Of the columns, ${calls.join(', ')}, because Python takes no such argument.`;
  const feeds = signature.inputs.map((input) => {
    const literal = pythonLiteral(input, example[input.name]);
    const dtype = isText(input) ? 'tf.string' : 'tf.float64';
    const key = renamed.find(({ column }) => column === input.name)?.name ?? input.name;
    return `    ${JSON.stringify(key)}: tf.constant([[${literal}]], ${dtype}),`;
  });
  return `## Python, with TensorFlow

\`pip install tensorflow\`. A missing number is \`nan\`, missing text \`""\`; dates are milliseconds since 1970-01-01 UTC.${note}

\`\`\`python
import tensorflow as tf

predict = tf.saved_model.load("saved-model").signatures["serving_default"]
row = {
${feeds.join('\n')}
}
answers = predict(**row)
print({name: answers[name].numpy() for name in ${JSON.stringify(namesOf(format))}})
\`\`\``;
}

function javascript({ signature, example }: About, format: BundleFormat): string {
  const feeds = signature.inputs.map((input) => {
    const value = example[input.name];
    const name = JSON.stringify(input.name);
    if (isText(input)) return `  ${name}: tf.tensor2d([[${JSON.stringify(value ?? '')}]], [1, 1], 'string'),`;
    const number = numberOf(value);
    if (input.kind !== 'date') return `  ${name}: tf.tensor2d([[${number ?? 'NaN'}]], [1, 1], 'float32'),`;
    const days = number === undefined ? NaN : Math.floor(number / 864e5);
    const seconds = number === undefined ? NaN : (number - days * 864e5) / 1000;
    return `  ${name}: tf.tensor2d([[${days}, ${seconds}]], [1, 2], 'float32'),`;
  });
  return `## JavaScript, with TensorFlow.js

A missing number is \`NaN\`, missing text \`''\`; dates are days since 1970-01-01 UTC and seconds of the day.

\`\`\`js
const model = await tf.loadGraphModel('https://example.com/tfjs/model.json');
const row = {
${feeds.join('\n')}
};
const names = ${JSON.stringify(namesOf(format))};
const answers = [await model.executeAsync(row, names)].flat();
for (const [i, name] of names.entries()) console.log(name, await answers[i].array());
\`\`\``;
}
