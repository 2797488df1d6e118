import type { JsonObject } from '../core/json.js';

/** The four families of artifacts, and the folder each lives in. */
export const ARTIFACT_FOLDERS = { data: 'data', features: 'features', run: 'runs' } as const;
export type ArtifactKind = keyof typeof ARTIFACT_FOLDERS;

export type FileEntry = { readonly bytes: number; readonly sha256: string };

/**
 * What every artifact says of itself in its manifest.json. `content` is what its step adds (see the step's own type).
 */
export type Manifest<C extends JsonObject = JsonObject> = {
  readonly schemaVersion: 1;
  readonly kind: ArtifactKind;
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** Version of aimaas that wrote it. */
  readonly aimaas: string;
  /** What the id is the hash of: inputs, parameters, step version. */
  readonly key: JsonObject;
  readonly content: C;
  /** Path relative to the artifact's folder → size and hash, for every file but the manifest. */
  readonly files: { readonly [path: string]: FileEntry };
};
