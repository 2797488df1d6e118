import { createHash, timingSafeEqual } from 'node:crypto';
import { type ApiKey, keyIdOf } from '../../core/api-key.js';

/** Where keys come from; undefined as long as none was ever made. */
export interface KeySource {
  read(): Promise<readonly ApiKey[] | undefined>;
  /** Something that is different after every change. */
  revision(): Promise<string>;
}

/** Whether a key is demanded: always, never, or as soon as there are keys. */
export type KeyDemand = 'always' | 'never' | 'auto';

/** Milliseconds after which a changed source is noticed. */
const INTERVAL = 1_000;

const NO_HASH = Buffer.alloc(32);

/**
 * The keys of a server while it runs. New and revoked keys are noticed within a second without a restart; a key that is
 * not known yet is looked for at once, so that one can be used as soon as it was made.
 */
export class KeyRing {
  private readonly source: KeySource;
  private readonly demand: KeyDemand;
  private readonly onError: (error: unknown) => void;
  private keys = new Map<string, ApiKey>();
  private seen = false;
  private revision: string | undefined;
  private failed = false;
  private refreshing: Promise<void> | undefined;
  private readonly timer: NodeJS.Timeout | undefined;

  private constructor(source: KeySource, demand: KeyDemand, onError: (error: unknown) => void) {
    this.source = source;
    this.demand = demand;
    this.onError = onError;
    if (demand !== 'never') {
      this.timer = setInterval(() => void this.refresh(), INTERVAL);
      this.timer.unref();
    }
  }

  /**
   * @param onError is told, once, when the source cannot be read while the server runs; the keys stay as they were.
   * @throws what the source throws when it is read for the first time.
   */
  static async open(
    source: KeySource,
    demand: KeyDemand,
    onError: (error: unknown) => void,
  ): Promise<KeyRing> {
    const ring = new KeyRing(source, demand, onError);
    try {
      if (demand !== 'never') await ring.load();
    } catch (error) {
      ring.close();
      throw error;
    }
    return ring;
  }

  /** Whether a request needs a key. Once keys have been seen it stays so, though their file be removed. */
  get demanded(): boolean {
    return this.demand === 'always' || (this.demand === 'auto' && this.seen);
  }

  /** The key that a client presents, whatever its state; undefined if it is none of ours. */
  find(token: string): ApiKey | undefined | Promise<ApiKey | undefined> {
    const id = keyIdOf(token);
    const key = id === undefined ? undefined : this.keys.get(id);
    if (id === undefined || key !== undefined) return match(token, key);
    return this.search(token, id);
  }

  /** Reads the keys again if they have changed. */
  refresh(): Promise<void> {
    this.refreshing ??= this.load()
      .then(() => void (this.failed = false))
      .catch((error: unknown) => {
        if (!this.failed) this.onError(error);
        this.failed = true;
      })
      .finally(() => (this.refreshing = undefined));
    return this.refreshing;
  }

  close(): void {
    clearInterval(this.timer);
  }

  /** A look that is under way may have begun before the key was made, so only the next one counts. */
  private async search(token: string, id: string): Promise<ApiKey | undefined> {
    await this.refreshing;
    await this.refresh();
    return match(token, this.keys.get(id));
  }

  private async load(): Promise<void> {
    const revision = await this.source.revision();
    if (revision === this.revision) return;
    const keys = await this.source.read();
    this.keys = new Map((keys ?? []).map((key) => [key.id, key]));
    this.seen ||= keys !== undefined;
    this.revision = revision;
  }
}

/** Compares in a time that does not depend on how much is right, nor on whether the id is known. */
function match(token: string, key: ApiKey | undefined): ApiKey | undefined {
  const given = createHash('sha256').update(token).digest();
  const isRight = timingSafeEqual(given, key === undefined ? NO_HASH : Buffer.from(key.hash, 'hex'));
  return isRight && key !== undefined ? key : undefined;
}
