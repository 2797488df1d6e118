/** The correlation of two columns that are given block by block; rows in which one is missing (NaN) do not count. */
export class Correlation {
  private count = 0;
  private meanX = 0;
  private meanY = 0;
  private xx = 0;
  private yy = 0;
  private xy = 0;

  add(xs: Float64Array, ys: Float64Array): void {
    let [count, sumX, sumY] = [0, 0, 0];
    for (const [i, x] of xs.entries()) {
      const y = ys[i] as number;
      if (Number.isNaN(x + y)) continue;
      count++;
      sumX += x;
      sumY += y;
    }
    if (count === 0) return;
    const [meanX, meanY] = [sumX / count, sumY / count];
    let [xx, yy, xy] = [0, 0, 0];
    for (const [i, x] of xs.entries()) {
      const y = ys[i] as number;
      if (Number.isNaN(x + y)) continue;
      const [dx, dy] = [x - meanX, y - meanY];
      xx += dx * dx;
      yy += dy * dy;
      xy += dx * dy;
    }
    const all = this.count + count;
    const [apartX, apartY] = [meanX - this.meanX, meanY - this.meanY];
    const weight = (this.count / all) * count;
    this.xx += xx + apartX * apartX * weight;
    this.yy += yy + apartY * apartY * weight;
    this.xy += xy + apartX * apartY * weight;
    this.meanX += apartX * (count / all);
    this.meanY += apartY * (count / all);
    this.count = all;
  }

  /** 0 where one of them is the same in every row. */
  get value(): number {
    const scale = Math.sqrt(this.xx) * Math.sqrt(this.yy);
    return scale > 0 ? this.xy / scale : 0;
  }
}
