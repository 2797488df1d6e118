import { parse } from 'csv-parse/sync';
import fc from '../../helpers/property.js';
import { describe, expect, it } from 'vitest';
import {
  outputColumns,
  predictionFormatter,
  PREDICTION_FORMATS,
} from '../../../src/core/prediction-format.js';

const CLASSES = ['a, b', 'line\nend', ' "quoted" ', '10'];
const PREAMBLE = { schemaVersion: 1 };
const NONE = { emptyRows: 0, skippedRows: 0 };

function probabilities(values: readonly number[]): Record<string, number> {
  return Object.fromEntries(CLASSES.map((name, i) => [name, values[i] ?? NaN]));
}

describe('predictionFormatter', () => {
  it('writes a CSV that a reader reads back, whatever is in names and cells', () => {
    const kept = fc.array(
      fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.boolean(), fc.constant(null)),
      {
        minLength: 1,
        maxLength: 1,
      },
    );
    const row = fc.tuple(
      kept,
      fc.constantFrom(...CLASSES),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(row), (rows) => {
        const options = { keep: ['né, e'], classes: CLASSES, preamble: {} };
        const formatter = predictionFormatter('csv', options);
        const lines = rows.map(([cells, prediction, scores]) =>
          formatter.row({ prediction, probabilities: probabilities(scores) }, cells),
        );
        const [head, ...read]: string[][] = parse(formatter.head + lines.join('') + formatter.tail(NONE));
        expect(head).toEqual(outputColumns(options));
        expect(read).toEqual(
          rows.map(([cells, prediction, scores]) => [
            ...cells.map((cell) => (cell === null ? '' : String(cell))),
            prediction,
            ...scores.map(String),
          ]),
        );
      }),
    );
  });

  it.each(PREDICTION_FORMATS)('%s has no number that is none', (format) => {
    const formatter = predictionFormatter(format, { keep: [], classes: CLASSES, preamble: PREAMBLE });
    const text =
      formatter.head +
      formatter.row({ prediction: '10', probabilities: probabilities([NaN, Infinity, -Infinity, 1]) }, []) +
      formatter.row({ prediction: 'a, b', probabilities: probabilities([1, 0, 0, 0]) }, []) +
      formatter.tail(NONE);
    expect(text).not.toMatch(/NaN|Infinity/);
    const first = { 'a, b': null, 'line\nend': null, ' "quoted" ': null, '10': 1 };
    if (format === 'jsonl')
      expect(JSON.parse(text.split('\n')[0] ?? '')).toEqual({ prediction: '10', probabilities: first });
    if (format === 'json')
      expect(JSON.parse(text)).toMatchObject({ ...PREAMBLE, predictions: [{ probabilities: first }, {}] });
    if (format === 'csv') {
      const [, row]: string[][] = parse(text);
      expect(row).toEqual(['10', '', '', '', '1']);
    }
  });

  it('puts the copied cells first', () => {
    const options = { keep: ['id', 'when'], classes: [], preamble: {} };
    const answer = { prediction: 1.5 };
    expect(predictionFormatter('csv', options).row(answer, [7, null])).toBe('7,,1.5\n');
    expect(predictionFormatter('jsonl', options).row(answer, [7, null])).toBe(
      '{"id":7,"when":null,"prediction":1.5}\n',
    );
  });

  it('keeps the place of a row without a prediction', () => {
    const options = { keep: ['id'], classes: CLASSES, preamble: {} };
    expect(predictionFormatter('csv', options).emptyRow('why', ['7'])).toBe('7,,,,,\n');
    expect(predictionFormatter('jsonl', options).emptyRow('why', [7])).toBe(
      '{"id":7,"prediction":null,"problem":"why"}\n',
    );
  });

  it('copies nested cells as JSON', () => {
    const options = { keep: ['tags'], classes: [], preamble: {} };
    const answer = { prediction: 1 };
    expect(predictionFormatter('csv', options).row(answer, [['a', 'b']])).toBe('"[""a"",""b""]",1\n');
    expect(predictionFormatter('jsonl', options).row(answer, [{ a: [1] }])).toBe(
      '{"tags":{"a":[1]},"prediction":1}\n',
    );
  });

  it('is a JSON document even without rows', () => {
    const formatter = predictionFormatter('json', { keep: [], classes: [], preamble: PREAMBLE });
    const text = formatter.head + formatter.tail({ emptyRows: 0, skippedRows: 2 });
    expect(JSON.parse(text)).toEqual({ schemaVersion: 1, predictions: [], emptyRows: 0, skippedRows: 2 });
  });
});
