import type { EngineInfo } from '../engines/engine.js';
import { chooseEngine, probeEngines } from '../engines/index.js';

export type EnginesResult = {
  readonly schemaVersion: 1;
  readonly engines: readonly EngineInfo[];
  /** What `--engine auto` stands for on this machine. */
  readonly auto: string;
  /** Why it does. */
  readonly autoReason: string;
  readonly node: string;
  readonly platform: string;
};

/** What can compute on this machine, and why the rest cannot. */
export async function engines(): Promise<EnginesResult> {
  const probed = await probeEngines();
  const { engine, reason } = await chooseEngine('auto');
  return {
    schemaVersion: 1,
    engines: probed,
    auto: engine.name,
    autoReason: reason,
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
  };
}
