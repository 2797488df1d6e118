import { join } from 'node:path';
import { AimaasError } from '../core/errors.js';
import type { StepContext } from '../core/step.js';
import { didYouMean } from '../core/suggest.js';
import {
  type InstallationPlan,
  install,
  planDownload,
  planFromPython,
  uninstall,
} from '../engines/tensorflow/install.js';
import { installationRoot, TFJS_NODE, findInstallation } from '../engines/tensorflow/installation.js';
import { withLock } from '../workspace/lock.js';

/** The engines that need to be set up. */
const INSTALLABLE = ['tensorflow'];

export interface InstallEngineOptions {
  readonly engine: string;
  /** A Python, or the folder of its environment, whose TensorFlow is used; without it the package downloads one. */
  readonly python?: string | undefined;
}

export type InstallEngineResult = {
  readonly schemaVersion: 1;
  readonly engine: string;
  /** Version of the engine. */
  readonly version: string;
  /** Whether it computes on a GPU here. */
  readonly gpu: boolean;
  readonly folder: string;
  readonly library: string;
  readonly python: string | null;
};

export type UninstallEngineResult = {
  readonly schemaVersion: 1;
  readonly engine: string;
  readonly folder: string;
};

/** An installation that was decided on, and can be carried out. */
export interface PreparedInstallation {
  /** What will be done, in sentences. */
  readonly actions: readonly string[];
  carryOut(): Promise<InstallEngineResult>;
}

function check(engine: string, verb: string): void {
  if (INSTALLABLE.includes(engine)) return;
  throw new AimaasError(
    'USAGE',
    `"${engine}" is no engine that aimaas can ${verb}. ${didYouMean(engine, INSTALLABLE)}`,
    { hint: `aimaas engines ${verb} tensorflow` },
  );
}

/**
 * Finds out what setting up an engine takes; nothing is changed yet.
 * @throws AimaasError ENGINE_UNAVAILABLE when something it needs is missing, saying how to get it.
 */
export async function prepareInstallation(
  { engine, python }: InstallEngineOptions,
  context: StepContext,
): Promise<PreparedInstallation> {
  check(engine, 'install');
  const plan: InstallationPlan = python === undefined ? await planDownload() : await planFromPython(python);
  return {
    actions: plan.actions,
    carryOut: () =>
      locked(context, async () => {
        const progress = context.reporter.progress({ title: `Setting up ${engine}` });
        try {
          const { version, gpu, folder, library, python: used } = await install(plan, context.signal);
          progress.done();
          const path = join(installationRoot(), folder);
          return { schemaVersion: 1, engine, version, gpu, folder: path, library, python: used };
        } catch (error) {
          progress.fail();
          throw error;
        }
      }),
  };
}

/**
 * Removes an engine that `engines install` has set up.
 * @throws AimaasError ENGINE_UNAVAILABLE when there is none.
 */
export async function uninstallEngine(engine: string, context: StepContext): Promise<UninstallEngineResult> {
  check(engine, 'uninstall');
  const folder = installationRoot();
  const removed = await locked(context, uninstall);
  if (removed) return { schemaVersion: 1, engine, folder };
  const other = findInstallation();
  throw new AimaasError(
    'ENGINE_UNAVAILABLE',
    other === undefined
      ? `The engine ${engine} is not installed.`
      : `The engine ${engine} was installed by npm with ${TFJS_NODE} (${other.addon}), not by aimaas.`,
    { hint: other === undefined ? `aimaas engines install ${engine}` : `npm uninstall ${TFJS_NODE}` },
  );
}

function locked<T>({ reporter, signal }: StepContext, work: () => Promise<T>): Promise<T> {
  const path = `${installationRoot()}.lock`;
  return withLock(path, { reporter, signal, what: 'the installed engines' }, work);
}
