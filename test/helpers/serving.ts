import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Reporter, silentReporter } from '../../src/core/reporter.js';
import { serve, type ServeOptions, type ServeResult } from '../../src/steps/serve/serve.js';
import { PENGUIN } from './penguins.js';

const BODY = JSON.stringify({ records: [PENGUIN] });

/** Runs the real step in this process, on a free port, and keeps what it said. */
export async function startServing(workspace: string, options: ServeOptions) {
  const lines: string[] = [];
  const reporter: Reporter = {
    ...silentReporter,
    info: (message) => lines.push(message),
    warn: (message) => lines.push(`warning: ${message}`),
  };
  const stop = new AbortController();
  let done: Promise<unknown> = Promise.resolve();
  const ready = await new Promise<ServeResult>((resolve, reject) => {
    done = serve(
      { port: 0, ...options, onReady: resolve },
      { workspace, reporter, signal: stop.signal },
    ).catch(reject);
  });
  return {
    ready,
    lines,
    async close(): Promise<void> {
      stop.abort();
      await done;
    },
  };
}

interface Answered {
  readonly model: { readonly name: string; readonly version: number };
}

/** The version that answered, or the code of the error. */
export async function ask(url: string, model?: string): Promise<number | string> {
  const response = await fetch(`${url}/predict`, {
    method: 'POST',
    body: JSON.stringify({ records: [PENGUIN], model }),
  });
  const body = (await response.json()) as Answered & { error?: { code: string } };
  return body.error?.code ?? body.model.version;
}

export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('It did not happen within a minute.');
    await sleep(20);
  }
}

/** Clients that ask one after the other on connections they keep, and what they were answered. */
export function load(port: number, clients: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const seen = new Map<string, number>();
  let running = true;
  const once = (): Promise<string> =>
    new Promise((resolve) => {
      const call = request({ port, agent, path: '/predict', method: 'POST' }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () =>
          resolve(
            response.statusCode === 200 ? `version ${(JSON.parse(text) as Answered).model.version}` : text,
          ),
        );
      });
      call.on('error', (error) => resolve(error.message));
      call.end(BODY);
    });
  const client = async (): Promise<void> => {
    while (running) {
      const outcome = await once();
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
    }
  };
  const done = Promise.all(Array.from({ length: clients }, client));
  return {
    seen,
    async stop(): Promise<void> {
      running = false;
      await done;
      agent.destroy();
    },
  };
}
