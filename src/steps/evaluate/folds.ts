import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataContent, FeaturesContent } from '../../core/artifacts.js';
import { AimaasError } from '../../core/errors.js';
import { Random } from '../../core/random.js';
import type { Reporter } from '../../core/reporter.js';
import { columnCells } from './fold-cells.js';
import type { Manifest } from '../../workspace/manifest.js';
import { idOf } from '../../workspace/hash.js';
import { exists, type Workspace } from '../../workspace/workspace.js';
import { encodeTarget } from '../target.js';

/** Marks a row that is never tested on: its target is missing. */
const NO_FOLD = -1;

/**
 * Which fold tests each row of the data set: equal in size, of the same class proportions, and with the rows of a group
 * together where the feature set was split by groups.
 * @throws AimaasError UNSUPPORTED where folds would contradict how the rows were split; TOO_FEW_ROWS.
 */
export async function assignFolds(
  workspace: Workspace,
  data: Manifest<DataContent>,
  features: FeaturesContent,
  count: number,
  seed: number,
  signal: AbortSignal,
): Promise<Int32Array> {
  const { splitting, target } = features;
  if (splitting.method === 'time' || splitting.method === 'column') {
    const why =
      splitting.method === 'time'
        ? `rows were split by time (${splitting.column ?? ''}), and folds would learn from what comes after the rows they test`
        : `the column ${splitting.column ?? ''} says which rows are for testing, and folds would contradict it`;
    throw new AimaasError('UNSUPPORTED', `--folds cannot be used here: ${why}.`, {
      hint: 'Leave --folds out to evaluate on the test split: aimaas evaluate',
    });
  }
  const column = await columnCells(workspace, data, target.column, signal);
  const truth = encodeTarget(target, column.schema, column.cells);
  const known: number[] = [];
  truth.forEach((value: number, row: number) => {
    if (target.task === 'regression' ? !Number.isNaN(value) : value >= 0) known.push(row);
  });
  if (known.length < 2 * count) {
    throw new AimaasError(
      'TOO_FEW_ROWS',
      `${known.length} rows with a target cannot make ${count} folds of at least two rows.`,
      { hint: 'aimaas evaluate --folds 2, or collect more rows' },
    );
  }
  const fold = new Int32Array(truth.length).fill(NO_FOLD);
  if (splitting.method === 'group') {
    const groups = await columnCells(workspace, data, splitting.column ?? '', signal);
    dealGroups(fold, known, groups.keyOf, count, seed);
    return fold;
  }
  const order = Random.of(seed, 'cross-validation').shuffle(known);
  if (target.task !== 'regression') order.sort((a, b) => (truth[a] as number) - (truth[b] as number));
  order.forEach((row, position) => (fold[row] = position % count));
  return fold;
}

/** Whole groups, the largest first, each to the fold that has fewest rows. */
function dealGroups(
  fold: Int32Array,
  rows: readonly number[],
  keyOf: (row: number) => number | string,
  count: number,
  seed: number,
): void {
  const groups = new Map<number | string, number[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const members = groups.get(key);
    if (members === undefined) groups.set(key, [row]);
    else members.push(row);
  }
  if (groups.size < count) {
    throw new AimaasError('TOO_FEW_ROWS', `${groups.size} groups cannot make ${count} folds.`, {
      hint: `aimaas evaluate --folds ${Math.max(2, groups.size)}`,
    });
  }
  const all = [...groups.values()];
  const shuffled = Array.from(
    Random.of(seed, 'cross-validation').permutation(all.length),
    (i) => all[i] ?? [],
  );
  const sizes = new Float64Array(count);
  for (const members of shuffled.sort((a, b) => b.length - a.length)) {
    const smallest = sizes.indexOf(Math.min(...sizes));
    for (const row of members) fold[row] = smallest;
    sizes[smallest] = (sizes[smallest] as number) + members.length;
  }
}

export interface FoldData {
  readonly train: Manifest<DataContent>;
  readonly test: Manifest<DataContent>;
  /** 0-based row of the whole data set, for every row of `test`. */
  readonly testRows: Int32Array;
}

/**
 * Writes the two halves of a fold as data sets of their own into the workspace `into`: the rows it tests, and all others.
 */
export async function writeFold(
  workspace: Workspace,
  data: Manifest<DataContent>,
  fold: Int32Array,
  index: number,
  into: Workspace,
  run: { readonly reporter: Reporter; readonly signal: AbortSignal },
): Promise<FoldData> {
  const { withDatabase } = await import('../../sources/duckdb.js');
  const { sqlText } = await import('../../sources/cell.js');
  const snapshot = join(workspace.folder('data', data.id), 'data.parquet');
  const list = into.path('folds.txt');
  if (!(await exists(list))) await writeFile(list, `${fold.join('\n')}\n`);
  const testRows = fold.reduce<number[]>((rows, of, row) => {
    if (of === index) rows.push(row);
    return rows;
  }, []);
  const part = (name: 'train' | 'test', rows: number): Promise<Manifest<DataContent>> => {
    const key = { step: 'fold', data: data.id, fold: index, part: name };
    return into.publish<DataContent>({
      kind: 'data',
      id: idOf(key),
      key,
      ...run,
      write: async (dir) => {
        const folds = `read_csv(${sqlText(list)}, header = false, auto_detect = false, columns = {'fold': 'INTEGER'})`;
        const rowsOf = `SELECT d.* FROM read_parquet(${sqlText(snapshot)}) AS d POSITIONAL JOIN ${folds} AS f WHERE f.fold ${name === 'test' ? '=' : '<>'} ${index}`;
        await withDatabase(undefined, run.signal, (database) =>
          database.run(`COPY (${rowsOf}) TO ${sqlText(join(dir, 'data.parquet'))} (FORMAT parquet)`),
        );
        return { ...data.content, rows };
      },
    });
  };
  return {
    train: await part('train', fold.length - testRows.length),
    test: await part('test', testRows.length),
    testRows: Int32Array.from(testRows),
  };
}
