import type { Reporter } from '../../core/reporter.js';
import type { ColumnKind, DataSchema, Decimal } from '../../core/table.js';
import type { Fingerprint } from '../fingerprint.js';
import type { Profile } from '../profile/profile.js';
import type { Source } from '../source.js';
import type { DataWarning } from '../profile/warnings.js';

export type IngestOptions = {
  readonly target: string | null;
  /** The columns to keep, in order, of those there are. Throws for a name that is not among them. */
  readonly choose: (names: readonly string[], location: string) => readonly string[];
  readonly kinds: ReadonlyMap<string, ColumnKind>;
  /** Cells that mean "missing" besides the usual ones, in every column. */
  readonly missing: readonly string[];
  /** How numbers are written in CSV; the usual way without it. */
  readonly decimal: Decimal | undefined;
  /** Keep this many rows (from 1 on) or this share of them (below 1), drawn with the seed. */
  readonly sample: number | null;
  readonly seed: number;
  readonly skipBadRows: boolean;
};

export type IngestPlace = {
  /** Gets data.parquet and, with bad rows skipped, rejects.csv. */
  readonly dir: string;
  /** For what is only needed meanwhile. The caller removes it. */
  readonly scratch: string;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};

/** A file with what is known of its bytes, as its {@link Fingerprint} has it. */
export type IngestFile = { readonly source: Source } & Pick<Fingerprint, 'plain' | 'plainNumbers'>;

export type Ingested = {
  readonly schema: DataSchema;
  readonly rows: number;
  readonly rejectedRows: number;
  readonly warnings: readonly DataWarning[];
  readonly profile: Profile;
};
