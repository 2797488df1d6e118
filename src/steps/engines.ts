import { DEFAULT_ENGINE, probeEngines } from '../engines/index.js';
import type { EngineInfo } from '../engines/engine.js';

export type EnginesResult = {
  readonly schemaVersion: 1;
  readonly engines: readonly EngineInfo[];
  /** What `--engine auto` stands for on this machine. */
  readonly auto: string;
  readonly node: string;
  readonly platform: string;
};

/** What can compute on this machine, and why the rest cannot. */
export async function engines(): Promise<EnginesResult> {
  return {
    schemaVersion: 1,
    engines: await probeEngines(),
    auto: DEFAULT_ENGINE,
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
  };
}
