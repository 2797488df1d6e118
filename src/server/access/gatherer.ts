/** Gathers items for a short time and hands them on together, one handful after the other. */
export class Gatherer<T> {
  private readonly hand: (items: readonly T[]) => Promise<void>;
  private readonly every: number;
  private items: T[] = [];
  private timer: NodeJS.Timeout | undefined;
  private handing: Promise<void> = Promise.resolve();

  /** @param every milliseconds. @param hand what fails in it is its own matter. */
  constructor(every: number, hand: (items: readonly T[]) => Promise<void>) {
    this.every = every;
    this.hand = hand;
  }

  add(item: T): void {
    this.items.push(item);
    this.timer ??= setTimeout(() => void this.flush(), this.every).unref();
  }

  /** Hands on what has been gathered; resolves when all has been. */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.handing = this.handing.then(async () => {
      if (this.items.length === 0) return;
      const { items } = this;
      this.items = [];
      await this.hand(items).catch(() => undefined);
    });
    return this.handing;
  }
}
