import { spawn } from 'node:child_process';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { main } from '../../src/main.js';
import { TerminalStream } from './terminal.js';

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  /** The folder to run in; see `temporaryFolder`. */
  readonly cwd: string;
  readonly stdin?: string | Uint8Array | undefined;
  /** Added to (or, with undefined, removed from) the environment of the tests. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Makes stdout and stderr look like terminals of that width. */
  readonly terminal?: number | undefined;
}

const EXECUTABLE = fileURLToPath(new URL('../../bin/aimaas.js', import.meta.url));

/** Variables of the machine the tests run on that would change what is printed. */
const NEUTRAL = { NO_COLOR: undefined, FORCE_COLOR: undefined, CI: undefined, TERM: 'xterm-256color' };

function environment(options: CliOptions): NodeJS.ProcessEnv {
  const merged = Object.entries({ ...process.env, ...NEUTRAL, ...options.env });
  return Object.fromEntries(merged.filter(([, value]) => value !== undefined));
}

let isRunning = false;

/**
 * Runs a command in this process: quick, and what the tests of commands should use. The current folder belongs to the
 * whole process, so calls must not overlap within a test file.
 */
export async function runCli(argv: readonly string[], options: CliOptions): Promise<CliResult> {
  const stdout = new TerminalStream(options.terminal);
  const stderr = new TerminalStream(options.terminal);
  if (isRunning) throw new Error('runCli calls overlap: await one before the next.');
  isRunning = true;
  const before = process.cwd();
  process.chdir(options.cwd);
  try {
    const code = await main(argv, {
      stdin: Readable.from(options.stdin === undefined ? [] : [Buffer.from(options.stdin)]),
      stdout,
      stderr,
      env: environment(options),
      signal: options.signal ?? new AbortController().signal,
    });
    return { code, stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    process.chdir(before);
    isRunning = false;
  }
}

/** `runCli` for a command that must succeed and print JSON: its result. */
export async function runJson<T = Record<string, unknown>>(
  argv: readonly string[],
  options: CliOptions,
): Promise<T> {
  const { code, stdout, stderr } = await runCli([...argv, '--json'], options);
  if (code !== 0) throw new Error(`aimaas ${argv.join(' ')} exited ${code}:\n${stderr}`);
  return JSON.parse(stdout) as T;
}

/** Starts the real executable (of dist, built before the tests) and waits for its end. */
export async function spawnCli(argv: readonly string[], options: CliOptions): Promise<CliResult> {
  const child = spawn(process.execPath, [EXECUTABLE, ...argv], {
    cwd: options.cwd,
    env: environment(options),
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.stdin ?? '');
  const stop = (): void => void child.kill('SIGINT');
  options.signal?.addEventListener('abort', stop);
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exit, signal) => resolve(exit ?? (signal === null ? 1 : 128)));
  });
  options.signal?.removeEventListener('abort', stop);
  return { code, stdout: Buffer.concat(out).toString('utf8'), stderr: Buffer.concat(err).toString('utf8') };
}

/** A new empty folder, removed by `dispose`. Its path has no symbolic links in it. */
export async function temporaryFolder(): Promise<{ readonly path: string; dispose(): Promise<void> }> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'aimaas-test-')));
  return { path, dispose: () => rm(path, { recursive: true, force: true }) };
}
