import type { DataContent, FeaturesContent, RunContent } from '../core/artifacts.js';
import { type Json, type JsonObject, stableStringify } from '../core/json.js';
import type { StepContext } from '../core/step.js';
import { ModelRegistry } from '../workspace/registry.js';
import { exists, isDamage, Workspace } from '../workspace/workspace.js';
import {
  PIPELINE,
  type PipelineStep,
  readRecords,
  type StepRecord,
  type StepSettings,
} from './pipeline-record.js';
import { asItStands } from './run-state.js';
import { changedMatches, changedSources } from './source-changes.js';

export type StepState = {
  readonly step: PipelineStep;
  readonly state: 'up to date' | 'missing' | 'out of date';
  /** What there is, or why it is missing or out of date. */
  readonly reason: string;
  /** Id of what the step made; name/version for export. */
  readonly made: string | null;
};

export type StatusResult = {
  readonly schemaVersion: 1;
  readonly workspace: string;
  readonly steps: readonly StepState[];
  /** Runs and model versions there are. */
  readonly runs: number;
  readonly models: readonly {
    readonly name: string;
    readonly version: number;
    readonly aliases: readonly string[];
  }[];
};

export interface StatusOptions {
  /** What each step is to be done with, where that is laid down; a step that is not named is taken as it was done. */
  readonly settings?: { readonly [step in PipelineStep]?: StepSettings } | undefined;
}

/** Changed files that are named. */
const SHOWN_CHANGES = 3;

type Finding = Omit<StepState, 'step'>;

const textOf = (value: Json | undefined): string => {
  if (value === undefined) return 'default';
  return typeof value === 'string' ? value : JSON.stringify(value);
};

/** "epochs: 10 → 20, optimizer: default → sgd"; empty when nothing differs. */
function settingsChange(before: StepSettings, after: StepSettings): string {
  const changes: string[] = [];
  if (after.args.length > 0 && stableStringify(before.args) !== stableStringify(after.args)) {
    changes.push(`${before.args.join(' ')} → ${after.args.join(' ')}`);
  }
  for (const name of new Set([...Object.keys(before.options), ...Object.keys(after.options)])) {
    const [left, right] = [before.options[name], after.options[name]];
    if (stableStringify(left ?? null) !== stableStringify(right ?? null)) {
      changes.push(`${name}: ${textOf(left)} → ${textOf(right)}`);
    }
  }
  return changes.join(', ');
}

/** Looks at one step; a reason that begins a sentence in lower case. */
class Inspector {
  private readonly workspace: Workspace;
  private readonly records: { readonly [step: string]: StepRecord };
  private readonly settings: NonNullable<StatusOptions['settings']>;

  constructor(workspace: Workspace, records: Inspector['records'], settings: Inspector['settings']) {
    this.workspace = workspace;
    this.records = records;
    this.settings = settings;
  }

  inspect(step: PipelineStep): Promise<Finding> {
    switch (step) {
      case 'collect':
        return this.collect();
      case 'preprocess':
        return this.preprocess();
      case 'train':
        return this.train();
      case 'evaluate':
        return this.evaluate();
      case 'export':
        return this.export();
    }
  }

  /** Out of date when the settings laid down are not those the thing was made with. */
  private settled(step: PipelineStep, made: string, upToDate: string): Finding {
    const record = this.records[step];
    const wanted = this.settings[step];
    const change = record?.made === made && wanted !== undefined ? settingsChange(record, wanted) : '';
    if (change !== '') return { state: 'out of date', reason: `settings changed: ${change}`, made };
    return { state: 'up to date', reason: upToDate, made };
  }

  private async collect(): Promise<Finding> {
    const id = await this.workspace.current('data');
    const manifest = id === undefined ? undefined : await this.workspace.read<DataContent>('data', id);
    if (manifest === undefined) return { state: 'missing', reason: 'no data set yet', made: null };
    const record = this.records['collect'];
    const asked = record?.made === manifest.id ? record.args : [];
    const changes = [...(await changedSources(manifest)), ...(await changedMatches(asked, manifest))];
    if (changes.length > 0) {
      const more = changes.length - SHOWN_CHANGES;
      const reason = changes.slice(0, SHOWN_CHANGES).join(', ') + (more > 0 ? ` and ${more} more` : '');
      return { state: 'out of date', reason, made: manifest.id };
    }
    const { name, rows, schema } = manifest.content;
    return this.settled('collect', manifest.id, `${name}: ${rows} rows, ${schema.columns.length} columns`);
  }

  private async preprocess(): Promise<Finding> {
    const id = await this.workspace.current('features');
    const manifest =
      id === undefined ? undefined : await this.workspace.read<FeaturesContent>('features', id);
    if (manifest === undefined) return { state: 'missing', reason: 'no feature set yet', made: null };
    const data = await this.workspace.current('data');
    const { content } = manifest;
    if (content.data !== data) {
      return madeOf(manifest.id, `data set ${content.data}`, data);
    }
    const { train, validation, test } = content.splits;
    const rows = `${train.rows}/${validation.rows}/${test.rows} rows`;
    return this.settled('preprocess', manifest.id, `${content.layout.length} features, ${rows}`);
  }

  private async train(): Promise<Finding> {
    const id = await this.workspace.current('run');
    const manifest = id === undefined ? undefined : await this.workspace.read<RunContent>('run', id);
    if (manifest === undefined) return { state: 'missing', reason: 'no run yet', made: null };
    const features = await this.workspace.current('features');
    const { content } = await asItStands(this.workspace, manifest);
    if (content.features !== features)
      return madeOf(manifest.id, `feature set ${content.features}`, features);
    if (content.state !== 'complete') {
      return { state: 'out of date', reason: `run ${manifest.id} is ${content.state}`, made: manifest.id };
    }
    return this.settled('train', manifest.id, `${content.model.family}, ${content.epochs} epochs`);
  }

  private async evaluate(): Promise<Finding> {
    const run = await this.workspace.current('run');
    if (run === undefined) return { state: 'missing', reason: 'no run to evaluate', made: null };
    if (!(await exists(this.workspace.path('runs', run, 'evaluation')))) {
      return { state: 'missing', reason: `run ${run} has not been evaluated`, made: null };
    }
    return this.settled('evaluate', run, `run ${run} is evaluated`);
  }

  private async export(): Promise<Finding> {
    const models = await new ModelRegistry(this.workspace).list(undefined, () => undefined);
    const run = await this.workspace.current('run');
    const model = models.find(({ lineage }) => lineage.run === run);
    if (model !== undefined) {
      const finding = this.settled('export', run ?? '', Object.keys(model.formats).join(', '));
      return { ...finding, made: `${model.name}/${model.version}` };
    }
    const [newest] = models;
    if (newest === undefined) return { state: 'missing', reason: 'no model exported yet', made: null };
    return madeOf(`${newest.name}/${newest.version}`, `run ${newest.lineage.run}`, run);
  }
}

function madeOf(made: string, of: string, current: string | undefined): Finding {
  return { state: 'out of date', reason: `made of ${of}; the current one is ${current ?? 'none'}`, made };
}

/** A step whose result cannot be read is to be done again. */
function damaged(error: unknown): Finding {
  if (!isDamage(error)) throw error;
  return { state: 'out of date', reason: error.message, made: null };
}

/** The state of every step up to `until`. What comes after a step that is to be done again is out of date, too. */
export async function inspectSteps(
  workspace: Workspace,
  settings: NonNullable<StatusOptions['settings']>,
  until: PipelineStep = 'export',
): Promise<StepState[]> {
  const inspector = new Inspector(workspace, await readRecords({ workspace: workspace.root }), settings);
  const states: StepState[] = [];
  let stale: PipelineStep | undefined;
  for (const step of PIPELINE.slice(0, PIPELINE.indexOf(until) + 1)) {
    const found = { step, ...(await inspector.inspect(step).catch(damaged)) };
    // A model is exported whether or not it is evaluated first.
    const state: StepState =
      stale !== undefined && found.state === 'up to date'
        ? { ...found, state: 'out of date', reason: `${stale} is to be done again` }
        : found;
    states.push(state);
    if (state.state !== 'up to date' && step !== 'evaluate') stale ??= step;
  }
  return states;
}

/** Which steps are up to date, missing or out of date, and why. */
export async function status(options: StatusOptions, context: StepContext): Promise<StatusResult> {
  const workspace = new Workspace(context.workspace);
  const registry = new ModelRegistry(workspace);
  const models = [];
  for (const name of await registry.names()) {
    const aliases = Object.entries(await registry.aliases(name));
    for (const version of await registry.versions(name)) {
      const own = aliases.filter(([, target]) => target === version).map(([alias]) => alias);
      models.push({ name, version, aliases: own });
    }
  }
  return {
    schemaVersion: 1,
    workspace: workspace.root,
    steps: await inspectSteps(workspace, options.settings ?? {}),
    runs: (await workspace.list('run', () => undefined)).length,
    models,
  };
}

/** Options as JSON, for comparing and keeping. */
export function settingsAsJson(settings: {
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
}): StepSettings {
  return { args: [...settings.args], options: JSON.parse(JSON.stringify(settings.options)) as JsonObject };
}
