import { describe, expect, it } from 'vitest';
import {
  calibrationPlot,
  confusionPlot,
  errorDistributionPlot,
  learningCurvePlot,
  LIGHT,
  type Plot,
  precisionRecallPlot,
  predictedVersusTruePlot,
  residualsPlot,
  rocPlot,
  toPng,
} from '../../../src/report/index.js';
import { linearScale, logScale, paddedDomain } from '../../../src/report/scale.js';
import { fitText, formatNumber, textWidth } from '../../../src/report/text.js';

const NAMES = [
  'plain',
  '<script>alert("x")</script>',
  'Ünïcödé 猫',
  'a very long class name '.repeat(8),
  'a&b',
];

function curvesOf(count: number) {
  return Array.from({ length: count }, (_, i) => ({
    className: NAMES[i] ?? `class ${i}`,
    points: [
      { x: 0, y: 0 },
      { x: 0.2, y: 0.9 },
      { x: 1, y: 1 },
    ],
    area: 0.85,
    share: 1 / count,
  }));
}

const truth = Float64Array.from({ length: 5_000 }, (_, i) => Math.sin(i) * 1e6);
const predicted = truth.map((value, i) => value + Math.cos(i * 7) * 1e5);
const matrix = (n: number) =>
  Array.from({ length: n }, (_, t) => Array.from({ length: n }, (_, p) => (t * p) % 7));

const plots: readonly (readonly [string, Plot | undefined])[] = [
  ['ROC of many classes', rocPlot(curvesOf(12))],
  ['precision-recall of one', precisionRecallPlot(curvesOf(1))],
  [
    'calibration',
    calibrationPlot([{ probability: 0.3, share: 0.4, low: 0.2, high: 0.6, weight: 9 }], NAMES[1]),
  ],
  ['confusion of two', confusionPlot(['no', 'yes'], matrix(2))],
  ['confusion of five odd names', confusionPlot(NAMES, matrix(5))],
  [
    'confusion of 60',
    confusionPlot(
      Array.from({ length: 60 }, (_, i) => `c${i}`),
      matrix(60),
    ),
  ],
  ['confusion without rows', confusionPlot(['no', 'yes'], [[0, 0], [0, 0]])], // prettier-ignore
  ['predicted and true', predictedVersusTruePlot('price <€>', truth, predicted)],
  ['residuals', residualsPlot('price', truth, predicted)],
  ['errors', errorDistributionPlot('price', truth, predicted)],
  ['errors all alike', errorDistributionPlot('price', Float64Array.of(1, 1, 1), Float64Array.of(2, 2, 2))],
  ['one row', predictedVersusTruePlot('price', Float64Array.of(0), Float64Array.of(0))],
  [
    'learning over orders of magnitude',
    learningCurvePlot(
      Array.from({ length: 50 }, (_, i) => ({ epoch: i + 1, loss: 10 ** (-i / 8), validationLoss: 0.1 })),
      20,
    ),
  ],
  [
    'learning with gaps',
    learningCurvePlot([{ epoch: 1 }, { epoch: 2, loss: 0.5 }, { epoch: 3, loss: NaN }], 2),
  ],
];

/** The boxes of the texts of a plot that are not turned, from the place, size and anchor written in the SVG. */
function textBoxes(svg: string) {
  return [...svg.matchAll(/<text([^>]*)>([^<]*)<\/text>/g)]
    .filter(([, attributes = '']) => !attributes.includes('transform'))
    .flatMap(([, attributes = '', text = '']) => {
      const number = (name: string) => Number(new RegExp(` ${name}="([^"]+)"`).exec(attributes)?.[1] ?? NaN);
      const size = Number.isNaN(number('font-size')) ? 11 : number('font-size');
      const width = textWidth(text.replace(/&[a-z]+;/g, '&'), size) * 0.8;
      const x = number('x');
      const anchor = /text-anchor="(\w+)"/.exec(attributes)?.[1] ?? 'start';
      const left = anchor === 'end' ? x - width : anchor === 'middle' ? x - width / 2 : x;
      return [{ text, left, right: left + width, top: number('y') - size * 0.75, bottom: number('y') }];
    });
}

describe.each(plots)('the plot: %s', (_, plot) => {
  const svg = plot?.svg(LIGHT) ?? '';

  it('is well-formed, without a number that is none', () => {
    expect(svg).toMatch(/^<svg .*<\/svg>$/su);
    expect(svg).not.toMatch(/NaN|Infinity|undefined|<script/);
    const open: string[] = [];
    for (const [, slash, name = '', self] of svg.matchAll(/<(\/?)([a-zA-Z]+)[^>]*?(\/?)>/g)) {
      if (slash === '/') expect(open.pop()).toBe(name);
      else if (self !== '/') open.push(name);
    }
    expect(open).toEqual([]);
  });

  it('says what it shows to those who cannot see it', () => {
    expect(svg).toMatch(/role="img"/);
    expect(svg).toMatch(/<title>[^<]+<\/title><desc>[^<]+<\/desc>/);
  });

  it('has no texts that overlap, and none outside', () => {
    const [, width = NaN, height = NaN] = (/viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg) ?? []).map(Number);
    const boxes = textBoxes(svg);
    boxes.forEach((a, i) => {
      expect(a.left, a.text).toBeGreaterThanOrEqual(0);
      expect(a.right, a.text).toBeLessThanOrEqual(width);
      expect(a.bottom, a.text).toBeLessThanOrEqual(height);
      for (const b of boxes.slice(i + 1)) {
        const apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
        expect(apart, `"${a.text}" and "${b.text}"`).toBe(true);
      }
    });
  });
});

describe('plots that cannot be drawn', () => {
  it('are left out', () => {
    expect(rocPlot([])).toBeUndefined();
    expect(rocPlot([{ className: 'a', points: [], area: undefined, share: 1 }])).toBeUndefined();
    expect(precisionRecallPlot([])).toBeUndefined();
    expect(calibrationPlot([], undefined)).toBeUndefined();
    expect(learningCurvePlot([], undefined)).toBeUndefined();
  });
});

describe('toPng', () => {
  const text = (content: string, fill: string) =>
    `<svg xmlns="http://www.w3.org/2000/svg" width="100" height="40" viewBox="0 0 100 40"><rect width="100" height="40" fill="#fff"/><text x="4" y="24" font-family="${LIGHT.font ?? ''}" font-size="16" fill="${fill}">${content}</text></svg>`;

  it('draws text on a machine without fonts, at twice the size', async () => {
    const [black, white] = await Promise.all([toPng(text('Recall', '#000')), toPng(text('Recall', '#fff'))]);
    expect(Buffer.from(black.subarray(1, 4)).toString()).toBe('PNG');
    expect(new DataView(black.buffer, black.byteOffset).getUint32(16)).toBe(200);
    expect(black.length).toBeGreaterThan(white.length + 200);
  });
});

describe('scales', () => {
  it.each([
    [
      [0, 1],
      ['0', '0.2', '0.4', '0.6', '0.8', '1.0'],
    ],
    [
      [-50, 120],
      ['−50', '0', '50', '100'],
    ],
    [
      [0, 45_000],
      ['0', '10k', '20k', '30k', '40k'],
    ],
    [
      [0, 3.2e6],
      ['0', '0.5M', '1.0M', '1.5M', '2.0M', '2.5M', '3.0M'],
    ],
    [
      [0.001, 0.0052],
      ['0.001', '0.002', '0.003', '0.004', '0.005'],
    ],
  ] as const)('has round ticks in %j', (domain, labels) => {
    expect(linearScale(domain, [0, 100]).ticks.map((tick) => tick.label)).toEqual(labels);
  });

  it('has powers of ten on a logarithmic axis', () => {
    const scale = logScale([0.001, 1000], [0, 60]);
    expect(scale.ticks.map((tick) => tick.label)).toEqual(['0.001', '0.01', '0.1', '1', '10', '100', '1000']);
    expect(scale(1)).toBeCloseTo(30, 12);
  });

  it('never has an empty domain', () => {
    expect(paddedDomain([])).toEqual([0, 1]);
    expect(paddedDomain([NaN, Infinity])).toEqual([0, 1]);
    expect(paddedDomain([0, 0])).toEqual([-1, 1]);
    const [low, high] = paddedDomain([5, 5]);
    expect(low).toBeLessThan(5);
    expect(high).toBeGreaterThan(5);
  });
});

describe('texts', () => {
  it('are cut to fit with an ellipsis', () => {
    expect(fitText('short', 11, 100)).toBe('short');
    const cut = fitText('a rather long text', 11, 60);
    expect(cut).toMatch(/^a r.*…$/);
    expect(textWidth(cut, 11)).toBeLessThanOrEqual(60);
  });

  it.each([
    [0, '0'],
    [0.5, '0.5'],
    [0.123456, '0.1235'],
    [12.3456, '12.35'],
    [1234.5, '1,235'],
    [123456.7, '123,457'],
    [1e10, '1.00e10'],
    [0.00001234, '1.23e-5'],
    [-3, '-3'],
    [NaN, '–'],
  ])('show %d as %s', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });
});
