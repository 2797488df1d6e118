/**
 * A seeded generator of random numbers: xoshiro128** (Blackman & Vigna 2018), seeded through splitmix32. Small state
 * that can be saved, so that a resumed run draws the numbers the interrupted one would have drawn.
 */
export class Random {
  private readonly state: Uint32Array;

  constructor(seed: number | Uint32Array) {
    this.state = new Uint32Array(4);
    if (typeof seed === 'number') {
      let s = seed >>> 0;
      for (let i = 0; i < 4; i++) {
        s = (s + 0x9e3779b9) >>> 0;
        let z = s;
        z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
        z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
        this.state[i] = (z ^ (z >>> 15)) >>> 0;
      }
    } else {
      this.state.set(seed);
    }
  }

  /** A generator of its own for a named purpose: same seed and name, same numbers; other names, independent ones. */
  static of(seed: number, purpose: string): Random {
    let hash = 2166136261 ^ (seed >>> 0);
    for (let i = 0; i < purpose.length; i++) hash = Math.imul(hash ^ purpose.charCodeAt(i), 16777619);
    return new Random(hash >>> 0);
  }

  /** The state to continue from: `new Random(random.save())` draws the same numbers. */
  save(): Uint32Array {
    return this.state.slice();
  }

  /** An integer in [0, 2^32). */
  nextUint32(): number {
    const s = this.state as unknown as [number, number, number, number];
    const x = Math.imul(s[1], 5);
    const result = Math.imul((x << 7) | (x >>> 25), 9) >>> 0;
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = (s[3] << 11) | (s[3] >>> 21);
    return result;
  }

  /** A number in [0, 1) with 53 random bits. */
  uniform(): number {
    return ((this.nextUint32() >>> 5) * 67108864 + (this.nextUint32() >>> 6)) / 9007199254740992;
  }

  /** An integer in [0, n), without modulo bias for the sizes that occur here. */
  integer(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** A standard normal number (Marsaglia's polar method, one of the pair kept out so that the state stays small). */
  normal(): number {
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const s = u * u + v * v;
      if (s > 0 && s < 1) return u * Math.sqrt((-2 * Math.log(s)) / s);
    }
  }

  /** Shuffles in place (Fisher–Yates). */
  shuffle<T extends { [index: number]: number; length: number }>(values: T): T {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const swap = values[i] as number;
      values[i] = values[j] as number;
      values[j] = swap;
    }
    return values;
  }

  /** 0 … n-1 in random order. */
  permutation(n: number): Int32Array {
    const order = new Int32Array(n);
    for (let i = 0; i < n; i++) order[i] = i;
    return this.shuffle(order);
  }
}
