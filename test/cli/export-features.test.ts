import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BundleManifest } from '../../src/core/bundle.js';
import type { FeatureLayout } from '../../src/core/layout.js';
import { openOnnx } from '../../src/engines/onnx-file.js';
import type { ExportResult } from '../../src/steps/export/export.js';
import { runCli, runJson, temporaryFolder } from '../helpers/cli.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let bundle: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  const words = ['good', 'bad', 'fine', 'awful', 'nice', 'poor', 'great', 'sad', 'happy', 'warm', 'cold'];
  const lines = Array.from({ length: 120 }, (_, row) => {
    const text = Array.from({ length: 12 }, (__, i) => words[(row * 7 + i * i * 3) % words.length]).join(' ');
    const day = `2024-01-${String((row % 28) + 1).padStart(2, '0')}`;
    return `${day},${row % 5},${['Oslo', 'Bergen', 'Voss'][row % 3] ?? ''},The ${row} ${text},${row % 2 === 0 ? 'yes' : 'no'}`;
  });
  await writeFile(join(folder.path, 'reviews.csv'), `when,stars,city,review,y\n${lines.join('\n')}\n`);
  const cwd = folder.path;
  const quick = ['--set', 'train.epochs=2', '--set', 'train.members=1', '--until', 'train'];
  expect(await runCli(['run', 'reviews.csv', '--target', 'y', ...quick], { cwd })).toMatchObject({ code: 0 });
  bundle = (await runJson<ExportResult>(['export'], { cwd })).folder;
});
afterAll(() => folder.dispose());

describe('the bundle of a model with free text', () => {
  it('names the features that its graphs take, in the order of the matrix', async () => {
    const layout = JSON.parse(await readFile(join(bundle, 'features.json'), 'utf8')) as FeatureLayout;
    const manifest = JSON.parse(await readFile(join(bundle, 'manifest.json'), 'utf8')) as BundleManifest;
    expect(Object.keys(manifest.files)).toContain('features.json');
    expect(manifest.formats.onnx?.details.inputs).toEqual([
      { name: 'features', type: 'float', shape: ['batch', layout.length] },
    ]);
    const readme = await readFile(join(bundle, 'README.md'), 'utf8');
    expect(readme).toContain(`float32, [rows, ${layout.length}]`);
    for (const source of ['when', 'stars', 'city', 'review'])
      expect(readme).toMatch(new RegExp(`\\| ${source} \\|`));
    expect(readme).toContain('aimaas predict reviews rows.csv');
    for (const kind of ['date', 'number', 'category', 'text']) expect(readme).toContain(`\n- ${kind}: `);
  });

  it('has an example in its README that answers what predict does for the same row', async () => {
    const readme = await readFile(join(bundle, 'README.md'), 'utf8');
    const given = /^row = (\{[^}]*\})$/m.exec(readme)?.[1] ?? '';
    const example = JSON.parse(given.replace(/,\n\}/, '\n}')) as Record<string, number>;
    const layout = JSON.parse(await readFile(join(bundle, 'features.json'), 'utf8')) as FeatureLayout;
    expect(layout.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(example)));
    const data = Float32Array.from(layout, ({ name }) => example[name] ?? 0);
    const path = join(bundle, 'onnx', 'model.onnx');
    const session = await openOnnx(await readFile(path), { threads: 1, name: path });
    const answer = await session.run({ features: { dtype: 'float32', shape: [1, data.length], data } });
    await session.dispose();

    const words = /"review: (\w+)"/g;
    const row = {
      when: null,
      stars: 2,
      city: /"city=(\w+)"/.exec(given)?.[1],
      review: [...given.matchAll(words)].map(([, word]) => word).join(' '),
    };
    expect(row.review.split(' ')).toHaveLength(3);
    // The date of the example is one of January that the README gives as features only.
    const days = Array.from({ length: 31 }, (_, day) => `2024-01-${String(day + 1).padStart(2, '0')}`);
    await writeFile(
      join(folder.path, 'rows.jsonl'),
      days.map((when) => JSON.stringify({ ...row, when })).join('\n'),
    );
    const argv = ['predict', 'reviews', 'rows.jsonl', '--format', 'jsonl', '-q'];
    const { stdout } = await runCli(argv, { cwd: folder.path });
    const predicted = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { probabilities: { yes: number } });
    const own = (answer['probabilities']?.data as Float32Array)[1] as number;
    expect(Math.min(...predicted.map(({ probabilities }) => Math.abs(probabilities.yes - own)))).toBeLessThan(
      1e-6,
    );
  });
});
