import * as tf from '@tensorflow/tfjs-core';
import { type FeatureColumn, type FeatureLayout, SMOOTH_CLIP } from '../../core/layout.js';
import { normal, type Scope, uniform } from '../scope.js';

/** Neighbouring columns of one role, so that a slice takes them at once. */
export interface FeatureBlock {
  readonly role: FeatureColumn['role'];
  readonly start: number;
  readonly columns: readonly FeatureColumn[];
}

/** The layout cut into blocks; every `code` column is a block of its own, having its own table. */
export function blocksOf(layout: FeatureLayout): FeatureBlock[] {
  const blocks: { role: FeatureColumn['role']; start: number; columns: FeatureColumn[] }[] = [];
  layout.forEach((column, index) => {
    const last = blocks.at(-1);
    if (last !== undefined && last.role === column.role && column.role !== 'code') last.columns.push(column);
    else blocks.push({ role: column.role, start: index, columns: [column] });
  });
  return blocks;
}

/** The columns of a block: [members or 1, rows, width]. */
export function takeBlock(features: tf.Tensor3D, block: FeatureBlock): tf.Tensor3D {
  const [members, rows] = features.shape;
  return tf.slice(features, [0, 0, block.start], [members, rows, block.columns.length]);
}

/** Standard deviations from the mean at which a number that is no longer clipped is held: up to here float32 can undo it. */
const FURTHEST = 50;

/** The columns of a block without the smooth clip that suits networks, as far as float32 can tell: ±50 deviations. */
export function straightened(x: tf.Tensor3D, { columns }: FeatureBlock): tf.Tensor3D {
  const clipped = columns.map((column) => column.clipped);
  if (clipped.every((map) => map === undefined)) return x;
  const row = (values: number[]): tf.Tensor3D => tf.tensor3d(values, [1, 1, columns.length]);
  const gain = row(clipped.map((map) => map?.gain ?? 1));
  const offset = row(clipped.map((map) => map?.offset ?? 0));
  // The clip is s = u / √(1 + u²) of u = z/5, so that u = s / √(1 − s²).
  const furthest = FURTHEST / SMOOTH_CLIP;
  const most = furthest / Math.sqrt(1 + furthest * furthest);
  const s = tf.clipByValue(tf.div(tf.div(tf.sub(x, offset), gain), SMOOTH_CLIP), -most, most);
  const u = tf.div(s, tf.sqrt(tf.sub(1, tf.mul(s, s))));
  const straight = tf.add(tf.mul(tf.mul(u, SMOOTH_CLIP), gain), offset);
  if (clipped.every((map) => map !== undefined)) return straight as tf.Tensor3D;
  const wanted = row(clipped.map((map) => (map === undefined ? 0 : 1)));
  return tf.where(tf.greater(wanted, 0), straight, x) as tf.Tensor3D;
}

/**
 * A learned vector for every code of a column: [members or 1, rows, 1] of codes → [members, rows, size]. Code 0 (missing
 * or never seen) has a vector of its own.
 */
export function categoryEmbedding(
  scope: Scope,
  block: FeatureBlock,
  codes: tf.Tensor3D,
  options: { readonly size: number; readonly deviation: number; readonly decay: boolean },
): tf.Tensor3D {
  const { members } = scope;
  const column = block.columns[0] as FeatureColumn;
  const { size, deviation, decay } = options;
  const shape = [members, column.cardinality, size];
  const table = scope.weight(`embedding ${column.name}`, shape, {
    decay,
    initial: () => (deviation === 0 ? tf.zeros(shape) : normal(scope.random, shape, deviation)),
  });
  // One table of all members' rows, so that a single gather serves every member.
  const rows = codes.shape[1];
  const flat = tf.reshape(table, [members * column.cardinality, size]);
  const first = tf.tensor(
    Int32Array.from({ length: members }, (_, k) => k * column.cardinality),
    [members, 1],
    'int32',
  );
  const index = tf.add(tf.cast(tf.reshape(codes, [codes.shape[0], rows]), 'int32'), first);
  return tf.gather(flat, index) as tf.Tensor3D;
}

/** Frequencies of a numeric column and the width they are mapped to. */
const FREQUENCIES = 16;
const EMBEDDED = 3;

/**
 * Numbers with periodic features: [members or 1, rows, n] → [members, rows, 4n], each column as itself and
 * W₂·cos(2π·w·x + b) + b₂, with weights of its own for every column (PBLD of Holzmüller et al. 2024, after the periodic
 * embeddings of Gorishniy et al. 2022).
 */
export function periodicEmbedding(scope: Scope, name: string, x: tf.Tensor3D): tf.Tensor3D {
  const { members } = scope;
  const columns = x.shape[2];
  const trained = { learningRateScale: 0.1, decay: true };
  const frequency = scope.weight(`${name}/frequency`, [members, columns, 1, FREQUENCIES], {
    ...trained,
    initial: () => normal(scope.random, [members, columns, 1, FREQUENCIES], 0.1),
  });
  const phase = scope.weight(`${name}/phase`, [members, columns, 1, FREQUENCIES], {
    ...trained,
    initial: () => uniform(scope.random, [members, columns, 1, FREQUENCIES], -Math.PI, Math.PI),
  });
  const kernel = scope.weight(`${name}/kernel`, [members, columns, FREQUENCIES, EMBEDDED], {
    ...trained,
    initial: () => uniform(scope.random, [members, columns, FREQUENCIES, EMBEDDED], -0.25, 0.25),
  });
  const bias = scope.weight(`${name}/bias`, [members, columns, 1, EMBEDDED], {
    ...trained,
    initial: () => uniform(scope.random, [members, columns, 1, EMBEDDED], -0.25, 0.25),
  });
  const rows = x.shape[1];
  // Columns before rows: [members, columns, rows, 1], so that the mixing is one batched matrix product.
  const column = tf.expandDims(tf.transpose(x, [0, 2, 1]), 3);
  const waves = tf.cos(tf.add(tf.mul(column, tf.mul(frequency, 2 * Math.PI)), phase));
  const mixed = tf.add(tf.matMul(waves, kernel), bias);
  const own = x.shape[0] === members ? column : tf.tile(column, [members, 1, 1, 1]);
  const all = tf.transpose(tf.concat([mixed, own], 3), [0, 2, 1, 3]);
  return tf.reshape(all, [members, rows, columns * (EMBEDDED + 1)]);
}
