import type { BundleManifest } from '../../src/core/bundle.js';

/** A complete manifest of an exported model, with what a test needs to say replaced. */
export function bundleManifest(
  changes: Partial<BundleManifest> = {},
): Omit<BundleManifest, 'version' | 'createdAt'> {
  return {
    schemaVersion: 1,
    kind: 'model',
    name: 'penguins',
    aimaas: '0.1.0',
    key: 'key',
    task: 'binary',
    model: { family: 'linear', params: {} },
    classes: ['no', 'yes'],
    signature: { inputs: [], outputs: [] },
    schema: { columns: [], target: null },
    lineage: { run: '0123456789ab', features: 'f', data: 'd', dataName: 'penguins', sources: [] },
    metrics: { validation: { accuracy: 0.9 }, baseline: { accuracy: 0.5 }, test: null },
    formats: {},
    skippedFormats: {},
    files: {},
    ...changes,
  };
}
