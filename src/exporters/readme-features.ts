import type { BundleFormat } from '../core/bundle.js';
import type { FeatureColumn, FeatureLayout } from '../core/layout.js';
import type { ColumnKind, ColumnSchema } from '../core/table.js';

/** The file of a bundle that names the features, in the order of the matrix. */
export const FEATURES_FILE = 'features.json';

/** The matrix that graphs of this model begin at, where they cannot begin at its columns. */
export interface FeatureMatrix {
  readonly layout: FeatureLayout;
  readonly columns: readonly ColumnSchema[];
  /** The features of the example row, in order. */
  readonly example: Float32Array;
}

/** How a column becomes features; `state` is what predictor.json holds of it. */
const RULES: Readonly<Record<ColumnKind, string>> = {
  number:
    'a missing value is `fill`. With a `map` of type `linear`: z = (value − `center`) / `spread`, kept within ±`limit`; where `clip` is true, z / √(1 + (z/5)²); then times `gain`, plus `offset`. With one of type `knots`: on straight lines through the points `x`, `y`, flat outside. Features with `rowNormalised` are then divided by their common Euclidean length. "… missing" is 1 where it is missing, else 0.',
  category:
    '"column=level" is 1 for that level, else 0 (−1 where there are two levels and one feature); "other" stands for levels that training did not have often enough. As a code it is 0 for missing or unseen, else 1 + the place of the level in `levels`. A missing cell has the place `missing` among these features (or codes less 1), −1 for none.',
  boolean: '1 for true, −1 for false, `fill` for missing. "… missing" is 1 where it is missing, else 0.',
  date: 'time and year as numbers with the maps `elapsed` and `year`, and for each of `cycles` the sine and cosine of 2π · part / length: month of 12, day of 31, weekday of 7 from Monday, hour of 24 with its fraction, counted from 0, in UTC; a missing date is `fill`, and 0 everywhere where that is null. "… missing" is 1 where it is missing, else 0.',
  text: 'the text in Unicode form NFKC and lower case is cut into runs of letters, marks and digits (in scripts without spaces: pairs of neighbouring characters). The feature of a word in `words` is how often it occurs times its `idf`; then all of the row are divided by their Euclidean length. Other words do not count. "… missing" is 1 where it is missing, else 0.',
  id: 'not used.',
};

/** Features of one column and role that stand side by side. */
interface Range {
  readonly from: number;
  readonly to: number;
  readonly feature: FeatureColumn;
}

function rangesOf(layout: FeatureLayout): Range[] {
  const ranges: Range[] = [];
  layout.forEach((feature, at) => {
    const last = ranges.at(-1);
    if (last?.feature.source === feature.source && last.feature.role === feature.role) {
      ranges[ranges.length - 1] = { ...last, to: at };
    } else ranges.push({ from: at, to: at, feature });
  });
  return ranges;
}

function cell(text: string): string {
  return text.replace(/[\n\r]+/g, ' ').replaceAll('|', '\\|');
}

function rowOf({ from, to, feature }: Range): string {
  const range = from === to ? String(from) : `${from} to ${to}`;
  const what = {
    numeric: 'scaled numbers',
    indicator: 'indicators and weights',
    code: `a code from 0 to ${feature.cardinality - 1}`,
  }[feature.role];
  return `| ${range} | ${cell(feature.source)} | ${what} |`;
}

/** What graphs take that begin at the features, and how these are made of a row. */
export function featuresSection(name: string, matrix: FeatureMatrix): string {
  const { layout, columns } = matrix;
  const kinds = [...new Set(columns.map(({ kind }) => kind))];
  return `## Features

Graphs that do not take the columns take one input, \`features\`: float32, [rows, ${layout.length}]. ${FEATURES_FILE} names its columns in order:

| place | made of | holds |
| --- | --- | --- |
${rangesOf(layout).map(rowOf).join('\n')}

\`aimaas predict ${name} rows.csv\` and \`aimaas serve ${name}\` take the raw columns and make the features themselves: by predictor.json, for network.onnx. In JavaScript \`openPredictor(folder)\` of the package aimaas does the same. To make them elsewhere: \`features.columns\` of predictor.json has for every column the \`state\` that the rules speak of.

${kinds.map((kind) => `- ${kind}: ${RULES[kind]}`).join('\n')}`;
}

/** Code that answers for the example row. */
export function pythonOnFeatures(matrix: FeatureMatrix, { details }: BundleFormat): string {
  const reason = typeof details.reason === 'string' ? ` ${details.reason}` : '';
  const names = JSON.stringify(
    (details.outputs as readonly { readonly name: string }[]).map((output) => output.name),
  );
  return `## Python, with ONNX Runtime

\`pip install onnxruntime\`. The graph takes the features.${reason}

\`\`\`python
import json

import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession("onnx/model.onnx")
names = [feature["name"] for feature in json.load(open("${FEATURES_FILE}", encoding="utf-8"))]
# The features of an example that are not 0.
row = {
${exampleLines(matrix).join('\n')}
}
features = np.array([[row.get(name, 0) for name in names]], dtype=np.float32)
answers = dict(zip(${names}, session.run(${names}, {"features": features})))
print(answers)
\`\`\``;
}

function exampleLines({ layout, example }: FeatureMatrix): string[] {
  return layout.flatMap(({ name }, at) =>
    example[at] === 0 ? [] : [`    ${JSON.stringify(name)}: ${String(example[at])},`],
  );
}
