import type { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createReporter } from '../../../src/cli/reporter.js';
import type { Globals } from '../../../src/cli/globals.js';
import type { Host } from '../../../src/cli/terminal.js';
import { plainLines, TerminalStream } from '../../helpers/terminal.js';

const GLOBALS: Globals = {
  workspace: undefined,
  config: undefined,
  json: false,
  quiet: false,
  verbose: false,
  yes: false,
  noColor: false,
  debug: false,
  help: false,
};

function hostOf(stderr: Writable, env: Host['env'] = { TERM: 'xterm' }): Host {
  return { stdin: process.stdin, stdout: stderr, stderr, env, signal: new AbortController().signal };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('off a terminal', () => {
  test('one line an epoch, with values and the time left', async () => {
    const stderr = new TerminalStream(undefined);
    const { reporter } = await createReporter(GLOBALS, hostOf(stderr));
    const progress = reporter.progress({ title: 'Training', total: 4, unit: 'epochs' });
    for (let epoch = 1; epoch <= 3; epoch++) {
      vi.advanceTimersByTime(1000);
      progress.update(epoch, { loss: 1 / epoch, accuracy: 0.5 });
      progress.update(epoch, { loss: 1 / epoch, accuracy: 0.5 });
    }
    progress.done('3 epochs');
    expect(stderr.text()).toBe(
      [
        'Training: 1/4 epochs  loss 1  accuracy 0.5000  3.0 s left',
        'Training: 2/4 epochs  loss 0.5000  accuracy 0.5000  2.0 s left',
        'Training: 3/4 epochs  loss 0.3333  accuracy 0.5000  1.0 s left',
        'Training: 3 epochs (3.0 s)\n',
      ].join('\n'),
    );
  });

  test('rows are counted every few seconds only', async () => {
    const stderr = new TerminalStream(undefined);
    const { reporter } = await createReporter(GLOBALS, hostOf(stderr));
    const progress = reporter.progress({ title: 'Reading', unit: 'rows' });
    for (let i = 1; i <= 60; i++) {
      vi.advanceTimersByTime(100);
      progress.update(i * 1000);
    }
    progress.fail();
    expect(stderr.text()).toBe('Reading: 50,000 rows\nReading: failed\n');
  });

  test('warnings with hints, debug lines with -v only', async () => {
    const stderr = new TerminalStream(undefined);
    const { reporter } = await createReporter(GLOBALS, hostOf(stderr));
    reporter.info('seen');
    reporter.warn('careful', 'do this');
    reporter.debug('unseen');
    (await createReporter({ ...GLOBALS, verbose: true }, hostOf(stderr))).reporter.debug('with -v');
    expect(stderr.text()).toBe('seen\nwarning: careful\n  hint: do this\nwith -v\n');
  });

  test('-q leaves warnings only', async () => {
    const stderr = new TerminalStream(undefined);
    const { reporter } = await createReporter({ ...GLOBALS, quiet: true }, hostOf(stderr));
    reporter.info('unseen');
    reporter.progress({ title: 'Training', unit: 'epochs' }).update(1);
    reporter.warn('seen');
    expect(stderr.text()).toBe('warning: seen\n');
  });

  test('--json gives one JSON object a line', async () => {
    const stderr = new TerminalStream(undefined);
    const { reporter } = await createReporter({ ...GLOBALS, json: true }, hostOf(stderr));
    reporter.info('unseen');
    reporter.progress({ title: 'Training' }).done();
    reporter.warn('line\nbreak', 'hint');
    expect(JSON.parse(stderr.text())).toEqual({ level: 'warning', message: 'line\nbreak', hint: 'hint' });
  });
});

describe('on a terminal', () => {
  test('a live line with values, a curve, the rate and the time left, then one line that stays', async () => {
    const stderr = new TerminalStream(120);
    const { reporter, stop } = await createReporter(GLOBALS, hostOf(stderr));
    const progress = reporter.progress({ title: 'Training', total: 10, unit: 'epochs' });
    for (let epoch = 1; epoch <= 4; epoch++) {
      vi.advanceTimersByTime(500);
      progress.update(epoch, { loss: 5 - epoch });
    }
    vi.advanceTimersByTime(200);
    const live = plainLines(stderr.text());
    expect(live).toContain('Training  4/10 epochs  loss 1  █▆▃▁');
    expect(live).toContain('2/s  3.0 s left');
    reporter.warn('in between');
    progress.done('4 epochs');
    stop();
    expect(plainLines(stderr.text())).toContain('warning: in between\n');
    expect(plainLines(stderr.text()).endsWith('✔ Training: 4 epochs (2.2 s)\n')).toBe(true);
  });

  test('the line never exceeds the width of the terminal', async () => {
    const stderr = new TerminalStream(40);
    const { reporter, stop } = await createReporter(GLOBALS, hostOf(stderr));
    reporter.progress({ title: '训练'.repeat(40), unit: 'epochs' });
    vi.advanceTimersByTime(200);
    stop();
    expect(plainLines(stderr.text())).toContain('…');
    expect(plainLines(stderr.text())).not.toContain('训练'.repeat(19));
  });

  test.each([
    ['NO_COLOR', { TERM: 'xterm', NO_COLOR: '1' }, false],
    ['TERM=dumb', { TERM: 'dumb' }, false],
    ['CI', { TERM: 'xterm', CI: 'true' }, true],
  ])('nothing is redrawn with %s', async (_, env, colour) => {
    const stderr = new TerminalStream(100);
    const { reporter } = await createReporter(GLOBALS, hostOf(stderr, env));
    reporter.progress({ title: 'Training', unit: 'epochs' }).update(1, { loss: 1 });
    reporter.warn('careful');
    expect(stderr.text().startsWith('Training: 1 epochs  loss 1\n')).toBe(true);
    expect(stderr.text().includes('\u001b[33m')).toBe(colour);
  });

  test('--no-color takes colour and animation', async () => {
    const stderr = new TerminalStream(100);
    const { reporter } = await createReporter({ ...GLOBALS, noColor: true }, hostOf(stderr));
    reporter.progress({ title: 'Training', unit: 'epochs' }).update(1);
    reporter.warn('careful');
    expect(stderr.text()).not.toContain('\u001b');
  });
});
