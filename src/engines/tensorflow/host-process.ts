import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AimaasError } from '../../core/errors.js';
import type { TensorData } from '../../core/tensor.js';
import type { Answers, Crossing, Description, Fed, NumberedRequest, Reply, Request } from './messages.js';

/** The compiled script of the process: beside this file, or in dist where this file itself runs from its source. */
function hostEntry(): string {
  const beside = fileURLToPath(new URL('host.js', import.meta.url));
  if (existsSync(beside)) return beside;
  const root = dirname(createRequire(import.meta.url).resolve('aimaas/package.json'));
  return join(root, 'dist', 'engines', 'tensorflow', 'host.js');
}

/** Bytes in one message; a tensor with more is sent in parts. */
const MOST_BYTES = 32 * 2 ** 20;

/** Lines of the process' stderr that are kept to say why it died. */
const KEPT_LINES = 40;

export interface HostOptions {
  /** Path of the addon. */
  readonly addon: string;
  readonly env: Readonly<Record<string, string>>;
}

interface Waiting {
  readonly resolve: (answer: Answers[keyof Answers]) => void;
  readonly reject: (error: Error) => void;
}

/** A process with TensorFlow in it, which several models share. It does not keep this one alive unless it is working. */
export class HostProcess {
  /** The last lines that TensorFlow wrote to stderr. */
  readonly lines: string[] = [];
  /** Is told every further line. */
  listener: ((line: string) => void) | undefined;
  private readonly child: ChildProcess;
  private readonly waiting = new Map<number, Waiting>();
  private nextId = 0;
  private nextUpload = 0;
  private ended: string | undefined;

  constructor({ addon, env }: HostOptions) {
    this.child = fork(hostEntry(), [addon], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...process.env, ...env },
      execArgv: [],
    });
    this.child.on('message', (reply: Reply) => this.receive(reply));
    this.child.on('error', (error) => this.end(error.message));
    this.child.on('exit', (code, signal) => this.end(signal === null ? `exit code ${code ?? 0}` : signal));
    this.readLines();
    this.rest();
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  get alive(): boolean {
    return this.ended === undefined;
  }

  describe(): Promise<Description> {
    return this.ask({ ask: 'describe' });
  }

  open(folder: string): Promise<number> {
    return this.ask({ ask: 'open', folder });
  }

  close(model: number): Promise<null> {
    return this.ask({ ask: 'close', model });
  }

  /** Runs a model on the given tensors by name, and gives those that are fetched, in order. */
  async run(
    model: number,
    feeds: Readonly<Record<string, TensorData>>,
    fetches: readonly string[],
  ): Promise<readonly TensorData[]> {
    return (await this.runRaw(model, feeds, fetches)).map((tensor): TensorData =>
      ArrayBuffer.isView(tensor.data)
        ? (tensor as TensorData)
        : { ...tensor, data: tensor.data.map((bytes) => Buffer.from(bytes as Uint8Array).toString('utf8')) },
    );
  }

  /** The same with texts as their bytes, which need not be UTF-8. */
  async runRaw(
    model: number,
    feeds: Readonly<Record<string, TensorData | Crossing>>,
    fetches: readonly string[],
  ): Promise<readonly Crossing[]> {
    const fed: Record<string, Fed> = {};
    for (const [name, tensor] of Object.entries(feeds)) fed[name] = await this.upload(tensor);
    return this.ask({ ask: 'run', model, feeds: fed, fetches });
  }

  /** Ends the process, whatever it is doing. */
  kill(): void {
    this.child.kill('SIGKILL');
  }

  private async upload(tensor: TensorData | Crossing): Promise<Fed> {
    const { data, dtype, shape } = tensor;
    if (!ArrayBuffer.isView(data) || data.byteLength <= MOST_BYTES) return tensor;
    const key = this.nextUpload++;
    for (let offset = 0; offset < data.byteLength; offset += MOST_BYTES) {
      const length = Math.min(MOST_BYTES, data.byteLength - offset);
      const bytes = new Uint8Array(data.buffer, data.byteOffset + offset, length);
      await this.ask({ ask: 'upload', key, size: data.byteLength, offset, bytes });
    }
    return { dtype, shape, upload: key };
  }

  private ask<R extends Request>(request: R): Promise<Answers[R['ask']]> {
    return new Promise((resolve, reject) => {
      if (this.ended !== undefined) {
        reject(this.death());
        return;
      }
      const id = this.nextId++;
      this.waiting.set(id, { resolve: resolve as Waiting['resolve'], reject });
      this.child.ref();
      this.child.channel?.ref();
      const numbered: NumberedRequest = { ...request, id };
      this.child.send(numbered, (error) => {
        if (error !== null) this.settle(id)?.reject(error);
      });
    });
  }

  private receive(reply: Reply): void {
    const waiting = this.settle(reply.id);
    if ('error' in reply) waiting?.reject(new Error(reply.error));
    else waiting?.resolve(reply.answer);
  }

  private settle(id: number): Waiting | undefined {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    if (this.waiting.size === 0) this.rest();
    return waiting;
  }

  /** Lets this process end although the other one is there. */
  private rest(): void {
    this.child.unref();
    this.child.channel?.unref();
  }

  private end(how: string): void {
    this.ended ??= how;
    for (const { reject } of this.waiting.values()) reject(this.death());
    this.waiting.clear();
  }

  private death(): AimaasError {
    const last = this.lines.slice(-3).join(' ');
    return new AimaasError(
      'ENGINE_UNAVAILABLE',
      `The process with TensorFlow in it ended (${this.ended ?? ''}).${last === '' ? '' : ` It said: ${last}`}`,
      { hint: 'aimaas engines, or another engine: --engine onnxruntime' },
    );
  }

  private readLines(): void {
    const stderr = this.child.stderr as Socket | null;
    if (stderr === null) return;
    let rest = '';
    stderr.setEncoding('utf8');
    stderr.on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line.trim() === '') continue;
        this.lines.push(line);
        if (this.lines.length > KEPT_LINES) this.lines.shift();
        this.listener?.(line);
      }
    });
    stderr.unref();
  }
}
