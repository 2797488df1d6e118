import type { Readable } from 'node:stream';
import { AimaasError } from '../../core/errors.js';
import { didYouMean } from '../../core/suggest.js';
import { COLUMN_KINDS, type ColumnKind, type Decimal } from '../../core/table.js';
import { encodingLabel } from '../../sources/text/encoding.js';

export type CollectOptions = {
  /** Paths, globs, http(s) URLs, or "-" for stdin. */
  readonly sources: readonly string[];
  /** The column to be predicted. */
  readonly target?: string | undefined;
  /** COLUMN=KIND, to overrule what is inferred. */
  readonly type?: readonly string[] | undefined;
  readonly drop?: readonly string[] | undefined;
  readonly only?: readonly string[] | undefined;
  /** Number of rows to keep (from 1 on) or share of them (below 1). */
  readonly sample?: number | undefined;
  readonly seed?: number | undefined;
  readonly name?: string | undefined;
  readonly delimiter?: string | undefined;
  readonly encoding?: string | undefined;
  /** The decimal sign of numbers in CSV; the other one may set thousands apart. */
  readonly decimal?: Decimal | undefined;
  /** Cells that mean "missing" besides the usual ones. */
  readonly missing?: readonly string[] | undefined;
  readonly onBadRow?: 'error' | 'skip' | undefined;
  readonly force?: boolean | undefined;
  /** What "-" reads (default: the process's stdin). */
  readonly stdin?: Readable | undefined;
};

/** The options with defaults, checked. */
export type CollectSettings = {
  readonly kinds: ReadonlyMap<string, ColumnKind>;
  readonly sample: number | null;
  readonly seed: number;
  readonly skipBadRows: boolean;
  readonly missing: readonly string[];
  readonly decimal: Decimal | undefined;
};

/** @throws AimaasError USAGE for options that make no sense. */
export function settingsOf(options: CollectOptions): CollectSettings {
  if (options.sources.length === 0) {
    throw new AimaasError('USAGE', 'collect needs something to read: files, globs, URLs, or - for stdin.', {
      hint: 'Example: aimaas collect data.csv --target COLUMN',
    });
  }
  if (options.sources.filter((source) => source === '-').length > 1) {
    throw new AimaasError('USAGE', 'stdin (-) can be read once only.');
  }
  if (options.encoding !== undefined) encodingLabel(options.encoding);
  const { sample = null, seed = 0 } = options;
  if (sample !== null && !(sample > 0 && (sample < 1 || Number.isInteger(sample)))) {
    throw new AimaasError('USAGE', `--sample takes a number of rows or a share below 1, not ${sample}.`, {
      hint: 'Examples: --sample 10000, --sample 0.1',
    });
  }
  if (options.name?.trim() === '') throw new AimaasError('USAGE', '--name must not be empty.');
  const kinds = new Map((options.type ?? []).map(parseType));
  const { missing = [], decimal, onBadRow = 'error' } = options;
  return { kinds, sample, seed, skipBadRows: onBadRow === 'skip', missing, decimal };
}

function parseType(text: string): [string, ColumnKind] {
  const cut = text.lastIndexOf('=');
  const kind = text.slice(cut + 1).trim();
  if (cut <= 0) {
    throw new AimaasError('USAGE', `--type takes COLUMN=KIND, not "${text}".`, {
      hint: `Example: --type zip=category. Kinds: ${COLUMN_KINDS.join(', ')}.`,
    });
  }
  const known = COLUMN_KINDS.find((each) => each === kind);
  if (known === undefined) {
    throw new AimaasError(
      'USAGE',
      `Unknown kind "${kind}" in --type ${text}. ${didYouMean(kind, COLUMN_KINDS)}`,
      {
        hint: `Kinds: ${COLUMN_KINDS.join(', ')}.`,
      },
    );
  }
  return [text.slice(0, cut), known];
}
