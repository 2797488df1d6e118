import type { TargetState } from '../core/artifacts.js';
import { AimaasError } from '../core/errors.js';
import { didYouMean } from '../core/suggest.js';
import { cellCount, type Column, type ColumnSchema } from '../core/table.js';
import type { TaskKind } from '../core/task-kind.js';

/** More classes than this are taken for a mistake. */
const MOST_CLASSES = 1000;
/** Different values after which it is pointless to keep counting. */
const MOST_COUNTED = 100_000;
/** A quantity that takes few whole values is taken for classes, as collect does it for a target named there. */
const MOST_INTEGER_CLASSES = 20;

/** A missing class, and a class that is not known. */
export const NO_CLASS = -1;

/** The name of the class that a number stands for. */
function numberName(column: ColumnSchema, value: number): string {
  if (column.kind === 'boolean' && column.dataType !== 'integer') return value === 0 ? 'false' : 'true';
  return String(value);
}

/** Classes in the order of their numbers if all are numbers, else by Unicode code units. */
function compareClasses(names: readonly string[]): (a: string, b: string) => number {
  const numeric = names.every((name) => name.trim() !== '' && Number.isFinite(Number(name)));
  const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  return numeric ? (a, b) => Number(a) - Number(b) || byText(a, b) : byText;
}

/** The target of every row of a data set, before it is known what task it is. */
export class TargetCollector {
  readonly column: ColumnSchema;
  /** `[total]`, NaN for missing, for columns stored as numbers. */
  private readonly values: Float64Array | undefined;
  /** `[total]`, index into `names` or -1, for columns stored as strings. */
  private readonly codes: Int32Array | undefined;
  private readonly names = new Map<string, number>();
  private rows = 0;

  constructor(column: ColumnSchema, total: number, storage: Column['storage']) {
    this.column = column;
    this.values = storage === 'number' ? new Float64Array(total) : undefined;
    this.codes = storage === 'string' ? new Int32Array(total) : undefined;
  }

  add(column: Column): void {
    if (column.storage === 'number') this.values?.set(column.values, this.rows);
    else this.addStrings(column.codes, column.dictionary);
    this.rows += cellCount(column);
  }

  private addStrings(codes: Int32Array, dictionary: readonly string[]): void {
    const own = new Map<number, number>();
    codes.forEach((code, row) => {
      let index = own.get(code);
      if (index === undefined) {
        index = this.indexOf(dictionary[code]);
        own.set(code, index);
      }
      if (this.codes !== undefined) this.codes[this.rows + row] = index;
    });
  }

  private indexOf(name: string | undefined): number {
    if (name === undefined || name === '') return NO_CLASS;
    const known = this.names.get(name);
    if (known !== undefined) return known;
    if (this.names.size >= MOST_COUNTED) throw this.tooMany(`more than ${MOST_COUNTED}`);
    this.names.set(name, this.names.size);
    return this.names.size - 1;
  }

  /** 1 where the target is known. */
  known(): Uint8Array {
    const { codes, values } = this;
    if (codes !== undefined) return Uint8Array.from(codes, (code) => (code === NO_CLASS ? 0 : 1));
    return Uint8Array.from(values ?? [], (value) => (Number.isNaN(value) ? 0 : 1));
  }

  /**
   * Whether the target is to be learned as classes.
   * @param collected the column was named as the target when it was collected, so that its kind says already which.
   */
  isClasses(task: TaskKind | 'auto', collected: boolean): boolean {
    if (task !== 'auto') return task !== 'regression';
    if (this.values === undefined || this.column.kind === 'boolean') return true;
    if (this.column.kind === 'date') throw this.isDate();
    if (collected) return false;
    const distinct = new Set<number>();
    let present = 0;
    for (const value of this.values) {
      if (Number.isNaN(value)) continue;
      present++;
      if (distinct.size <= MOST_INTEGER_CLASSES) distinct.add(value);
    }
    const most = Math.min(MOST_INTEGER_CLASSES, Math.floor(Math.sqrt(present)));
    return distinct.size <= 2 || (this.column.dataType === 'integer' && distinct.size <= most);
  }

  /**
   * Every class of the data in order, and each row's index in them (-1: missing).
   * @throws AimaasError TARGET when there are too many classes, or only one.
   */
  classes(): { readonly names: readonly string[]; readonly labels: Int32Array } {
    if (this.column.kind === 'date') throw this.isDate();
    const codes = this.codes ?? this.numbersAsCodes();
    const known = [...this.names.keys()];
    if (known.length > MOST_CLASSES) throw this.tooMany(String(known.length));
    const names = known.sort(compareClasses(known));
    const index = new Map(names.map((name, i) => [name, i]));
    const order = Int32Array.from(this.names.keys(), (name) => index.get(name) ?? NO_CLASS);
    const labels = codes.map((code) => (code === NO_CLASS ? NO_CLASS : (order[code] as number)));
    return { names, labels };
  }

  private numbersAsCodes(): Int32Array {
    const known = new Map<number, number>();
    return Int32Array.from(this.values ?? [], (value) => {
      if (Number.isNaN(value)) return NO_CLASS;
      let code = known.get(value);
      if (code === undefined) {
        code = this.indexOf(numberName(this.column, value));
        known.set(value, code);
      }
      return code;
    });
  }

  /**
   * The target of every row as a number, NaN for missing.
   * @throws AimaasError TARGET when it is not made of finite numbers.
   */
  numbers(): Float64Array {
    if (this.column.kind === 'date') throw this.isDate();
    const values = this.values ?? this.stringsAsNumbers();
    const row = values.findIndex((value) => value === Infinity || value === -Infinity);
    if (row >= 0) {
      throw targetError(this.column.name, `is infinite in row ${row + 1}`, 'Remove or mend that row.', {
        row,
      });
    }
    return values;
  }

  private stringsAsNumbers(): Float64Array {
    const numbers = Array.from(this.names.keys(), (name) => (name.trim() === '' ? NaN : Number(name)));
    const bad = [...this.names.keys()].find((_, i) => Number.isNaN(numbers[i]));
    if (bad !== undefined) {
      throw targetError(
        this.column.name,
        `holds "${bad}", which is not a number, so it cannot be a regression target`,
        'aimaas preprocess --task auto learns it as classes.',
        { value: bad },
      );
    }
    return Float64Array.from(this.codes ?? [], (code) =>
      code === NO_CLASS ? NaN : (numbers[code] as number),
    );
  }

  private tooMany(count: string): AimaasError {
    const hint =
      this.column.kind === 'number'
        ? 'A quantity is learned with: aimaas preprocess --task regression'
        : 'Name another target: aimaas preprocess --target COLUMN';
    return targetError(
      this.column.name,
      `has ${count} different values; at most ${MOST_CLASSES} classes can be learned. Is it an id or free text?`,
      hint,
    );
  }

  private isDate(): AimaasError {
    return targetError(
      this.column.name,
      'is a date, which cannot be learned',
      `Collect it as something else: aimaas collect FILE --type ${this.column.name}=number`,
    );
  }
}

function targetError(
  column: string,
  problem: string,
  hint: string,
  details: { row?: number; value?: string } = {},
): AimaasError {
  return new AimaasError('TARGET', `The target column "${column}" ${problem}.`.replace('?.', '?'), {
    hint,
    details: { column, ...details },
  });
}

/**
 * The state of a classification target.
 * @param labels class (index into `names`) of every training row.
 * @param weights their sample weights.
 * @returns the state, whose classes are those of the training rows, and the new index of every name (-1: not in training).
 * @throws AimaasError TARGET for a single class, for more than two where the task is binary, for an unknown `positive`.
 */
export function fitClasses(
  column: string,
  names: readonly string[],
  labels: Int32Array,
  task: TaskKind | 'auto',
  positive: string | undefined,
  weights?: Float32Array,
): { readonly target: TargetState; readonly index: Int32Array } {
  const counts = new Float64Array(names.length);
  const weighed = new Float64Array(names.length);
  for (const [row, label] of labels.entries()) {
    counts[label] = (counts[label] as number) + 1;
    weighed[label] = (weighed[label] as number) + (weights?.[row] ?? 1);
  }
  let present = names.map((_, i) => i).filter((i) => (counts[i] as number) > 0);
  if (present.length < 2) {
    const only = present[0] === undefined ? 'no value' : `only the class "${names[present[0]] as string}"`;
    throw targetError(
      column,
      `has ${only} in the training rows; two or more classes are needed to learn from`,
      names.length < 2
        ? 'Name another target with --target COLUMN, or collect rows of other classes, too.'
        : 'Name another target with --target COLUMN, or split so that training has every class: aimaas preprocess --split 0.8,0.2,0',
    );
  }
  if (task === 'binary' && present.length > 2) {
    const list = present.map((i) => `"${names[i] as string}"`);
    const shown = `${list.slice(0, 10).join(', ')}${list.length > 10 ? ', …' : ''}`;
    throw targetError(
      column,
      `has ${present.length} classes (${shown}), but a binary task has two`,
      'aimaas preprocess --task multiclass',
    );
  }
  const isBinary = present.length === 2 && task !== 'multiclass';
  if (positive !== undefined) {
    if (!isBinary) {
      throw new AimaasError('USAGE', `--positive is for two classes; "${column}" has ${present.length}.`, {
        hint: 'Leave --positive out.',
      });
    }
    const known = present.map((i) => names[i] as string);
    if (!known.includes(positive)) {
      throw new AimaasError(
        'TARGET',
        `The positive class "${positive}" is not a class of "${column}". ${didYouMean(positive, known)}`,
        { hint: `aimaas preprocess --positive "${known[1] as string}"`, details: { column, classes: known } },
      );
    }
    if (known[0] === positive) present = [...present].reverse();
  }
  const index = new Int32Array(names.length).fill(NO_CLASS);
  present.forEach((i, label) => (index[i] = label));
  const target: TargetState = {
    task: isBinary ? 'binary' : 'multiclass',
    column,
    classes: present.map((i) => names[i] as string),
    counts: present.map((i) => counts[i] as number),
    ...(weights === undefined ? {} : { weights: present.map((i) => weighed[i] as number) }),
  };
  return { target, index };
}

/**
 * The state of a regression target from the training rows' values (Welford's method, West's where they have weights).
 * Rows of weight 0 are passed over.
 * @throws AimaasError TARGET when all are equal.
 */
export function fitNumbers(column: string, values: Float64Array, weights?: Float32Array): TargetState {
  let count = 0;
  let total = 0;
  let mean = 0;
  let squares = 0;
  let minimum = Infinity;
  let maximum = -Infinity;
  for (const [row, value] of values.entries()) {
    const weight = weights?.[row] ?? 1;
    if (weight === 0) continue;
    count++;
    total += weight;
    const delta = value - mean;
    mean += (delta * weight) / total;
    squares += weight * delta * (value - mean);
    if (value < minimum) minimum = value;
    if (value > maximum) maximum = value;
  }
  const standardDeviation = Math.sqrt(squares / total);
  if (count === 0 || minimum === maximum || !Number.isFinite(standardDeviation) || standardDeviation === 0) {
    const why =
      count > 0 && minimum === maximum
        ? `is ${minimum} in every training row${weights === undefined ? '' : ' of a weight above 0'}, so there is nothing to learn`
        : 'has values too large or too alike to be scaled';
    throw targetError(column, why, 'Name another target: aimaas preprocess --target COLUMN');
  }
  return { task: 'regression', column, mean, standardDeviation, minimum, maximum };
}

/**
 * The target of new rows in the terms of a fitted one: class index or -1 (missing, or a class that training did not
 * have); for regression the number or NaN.
 * @throws AimaasError TARGET when a regression target holds text that is not a number.
 */
export function encodeTarget(
  target: TargetState,
  schema: ColumnSchema,
  column: Column,
): Int32Array | Float64Array {
  const collector = new TargetCollector(schema, cellCount(column), column.storage);
  collector.add(column);
  if (target.task === 'regression') return collector.numbers();
  const { names, labels } = collector.classes();
  const index = names.map((name) => target.classes.indexOf(name));
  return labels.map((label) => (label === NO_CLASS ? NO_CLASS : (index[label] as number)));
}
