/** Something that needs the engine again and again, for a short turn each time. */
export interface Work {
  /** Whether there is anything to do in a turn now. */
  readonly pending: boolean;
  /** Work that may wait for all other work, such as the copies of requests that a shadow answers. */
  readonly background: boolean;
  /** Does one turn. Never rejects. */
  turn(): Promise<void>;
}

/**
 * Shares the engine among models by time: whoever has used least of it goes next, one turn at a time, so that a slow
 * or busy model takes no more than its part and a request for a quick one waits for one turn at most (start-time fair
 * queueing, Goyal et al. 1996). A model that was idle gets no credit for it.
 */
export class Scheduler {
  /** Seconds of the engine used, shifted so that who begins to wait starts level with the others. */
  private readonly used = new Map<Work, number>();
  private level = 0;
  private running: Promise<void> | undefined;

  /** Tells that some work has something to do. Cheap when it is known already. */
  request(work: Work): void {
    if (!this.used.has(work)) this.used.set(work, this.level);
    this.running ??= this.run();
  }

  /** Resolves when nothing is left to do. */
  async idle(): Promise<void> {
    while (this.running !== undefined) await this.running;
  }

  private async run(): Promise<void> {
    // Everything that arrived in this turn of the event loop is read before the first batch is closed.
    await new Promise((resolve) => setImmediate(resolve));
    for (let work = this.next(); work !== undefined; work = this.next()) {
      const before = this.used.get(work) ?? this.level;
      this.level = Math.max(this.level, before);
      const started = performance.now();
      await work.turn();
      if (this.used.has(work)) this.used.set(work, before + (performance.now() - started) / 1000);
    }
    this.running = undefined;
  }

  private next(): Work | undefined {
    let best: Work | undefined;
    let least = Infinity;
    for (const [work, used] of this.used) {
      if (!work.pending) {
        this.used.delete(work);
      } else if (
        best === undefined ||
        (work.background === best.background ? used < least : best.background)
      ) {
        best = work;
        least = used;
      }
    }
    return best;
  }
}
