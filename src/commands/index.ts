import type { AnyCommand, CommandEntry } from '../cli/registry.js';
import { recorded } from './recorded.js';

const LIFECYCLE = 'From data to service';
const PROJECT = 'Project';
const SERVICE = 'Running a service';
const MACHINE = 'This machine';

/**
 * Every command in the order of the help. Only names and summaries stand here, so that `aimaas --help` loads no
 * command; adding one is a new file and an entry.
 */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'run',
    summary: 'Do every step that is missing or out of date, up to an exported model',
    group: LIFECYCLE,
    load: async () => (await import('./run.js')).default,
  },
  {
    name: 'collect',
    summary: 'Read tables into a typed, profiled data set',
    group: LIFECYCLE,
    load: async () => recorded((await import('./collect.js')).default),
  },
  {
    name: 'preprocess',
    summary: 'Split the rows, clean them and turn columns into features',
    group: LIFECYCLE,
    load: async () => recorded((await import('./preprocess.js')).default),
  },
  {
    name: 'train',
    summary: 'Train a model on the features and keep it as a run',
    group: LIFECYCLE,
    load: async () => recorded((await import('./train.js')).default),
  },
  {
    name: 'evaluate',
    summary: 'Judge a model on rows it has not seen, beside the trivial baseline',
    group: LIFECYCLE,
    load: async () => recorded((await import('./evaluate.js')).default),
  },
  {
    name: 'optimize',
    summary: 'Search for better settings by training many models, and keep the best',
    group: LIFECYCLE,
    load: async () => (await import('./optimize.js')).default,
  },
  {
    name: 'export',
    summary: 'Make a run into a model version that needs no aimaas to be used',
    group: LIFECYCLE,
    load: async () => recorded((await import('./export.js')).default),
  },
  {
    name: 'predict',
    summary: 'Predict the rows of a file or of stdin',
    group: LIFECYCLE,
    load: async () => (await import('./predict.js')).default,
  },
  {
    name: 'serve',
    summary: 'Answer predictions over HTTP',
    group: LIFECYCLE,
    load: async () => (await import('./serve.js')).default,
  },
  {
    name: 'monitor',
    summary: 'Compare what a model is asked with what it learned from',
    group: LIFECYCLE,
    load: async () => (await import('./monitor.js')).default,
  },
  {
    name: 'init',
    summary: 'Write a commented aimaas.yaml for a project',
    group: PROJECT,
    ignoresConfig: true,
    load: async () => (await import('./init.js')).default,
  },
  {
    name: 'status',
    summary: 'Say which steps are up to date, missing or out of date, and why',
    group: PROJECT,
    load: async () => (await import('./status.js')).default,
  },
  {
    name: 'runs list',
    summary: 'List training runs, newest or best first',
    group: PROJECT,
    load: async () => (await import('./runs-list.js')).default,
  },
  {
    name: 'runs show',
    summary: 'Show one run: metrics, options, where its files are',
    group: PROJECT,
    load: async () => (await import('./runs-show.js')).default,
  },
  {
    name: 'runs compare',
    summary: 'Compare metrics and parameters of runs',
    group: PROJECT,
    load: async () => (await import('./runs-compare.js')).default,
  },
  {
    name: 'runs delete',
    summary: 'Delete runs that no exported model was made of',
    group: PROJECT,
    load: async () => (await import('./runs-delete.js')).default,
  },
  {
    name: 'models list',
    summary: 'List exported models with their versions, aliases and metrics',
    group: PROJECT,
    load: async () => (await import('./models-list.js')).default,
  },
  {
    name: 'models show',
    summary: 'Show one version of a model: inputs, outputs, metrics, what it was made of',
    group: PROJECT,
    load: async () => (await import('./models-show.js')).default,
  },
  {
    name: 'models alias',
    summary: 'Point an alias such as champion at a version, or remove it',
    group: PROJECT,
    load: async () => (await import('./models-alias.js')).default,
  },
  {
    name: 'models verify',
    summary: 'Check that nobody changed a model since it was exported, and who signed it',
    group: PROJECT,
    load: async () => (await import('./models-verify.js')).default,
  },
  {
    name: 'models delete',
    summary: 'Delete versions of models that no alias points at',
    group: PROJECT,
    load: async () => (await import('./models-delete.js')).default,
  },
  {
    name: 'prune',
    summary: 'Remove old data sets, feature sets, runs and models',
    group: PROJECT,
    load: async () => (await import('./prune.js')).default,
  },
  {
    name: 'traffic',
    summary: 'Split or copy the requests of a running server among versions, and compare them',
    group: SERVICE,
    load: async () => (await import('./traffic.js')).default,
  },
  {
    name: 'keys list',
    summary: 'List the API keys of the workspace',
    group: SERVICE,
    load: async () => (await import('./keys-list.js')).default,
  },
  {
    name: 'keys create',
    summary: 'Make an API key for those who use the served models',
    group: SERVICE,
    load: async () => (await import('./keys-create.js')).default,
  },
  {
    name: 'keys show',
    summary: 'Show what an API key may do',
    group: SERVICE,
    load: async () => (await import('./keys-show.js')).default,
  },
  {
    name: 'keys revoke',
    summary: 'Take API keys back for good',
    group: SERVICE,
    load: async () => (await import('./keys-revoke.js')).default,
  },
  {
    name: 'keys generate',
    summary: 'Write a key file to sign or encrypt exported models with',
    group: SERVICE,
    load: async () => (await import('./keys-generate.js')).default,
  },
  {
    name: 'usage',
    summary: 'Add up what API keys used: requests, rows, compute time',
    group: SERVICE,
    load: async () => (await import('./usage.js')).default,
  },
  {
    name: 'audit show',
    summary: 'Show who did what with the keys and models of the workspace',
    group: SERVICE,
    load: async () => (await import('./audit-show.js')).default,
  },
  {
    name: 'audit verify',
    summary: 'Check that nobody changed the audit log',
    group: SERVICE,
    load: async () => (await import('./audit-verify.js')).default,
  },
  {
    name: 'engines list',
    summary: 'List what can compute on this machine, and why the rest cannot',
    group: MACHINE,
    ignoresConfig: true,
    load: async () => (await import('./engines-list.js')).default,
  },
  {
    name: 'engines install',
    summary: 'Set up an engine that npm does not bring along: TensorFlow, for NVIDIA GPUs',
    group: MACHINE,
    ignoresConfig: true,
    load: async () => (await import('./engines-install.js')).default,
  },
  {
    name: 'engines uninstall',
    summary: 'Remove an engine that engines install has set up',
    group: MACHINE,
    ignoresConfig: true,
    load: async () => (await import('./engines-uninstall.js')).default,
  },
  {
    name: 'completion',
    summary: 'Print the completion script of a shell',
    group: MACHINE,
    ignoresConfig: true,
    load: async () => (await import('./completion.js')).default,
  },
];

/** All definitions, for what needs every option: the schema of aimaas.yaml, docs/cli.md, completion. */
export async function loadCommands(): Promise<readonly AnyCommand[]> {
  return Promise.all(COMMANDS.map((entry) => entry.load()));
}
