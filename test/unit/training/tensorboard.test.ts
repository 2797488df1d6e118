import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventFile } from '../../../src/training/tensorboard.js';
import { temporaryFolder } from '../../helpers/cli.js';
import { crc32c, readEvents } from '../../helpers/event-file.js';

describe('event files of TensorBoard', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder.dispose());

  it('are read back to what was written, with the right checksums', async () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    const file = new EventFile(folder.path, 1_700_000_000_000);
    await file.scalars(1, { loss: 0.5, validation_loss: null, 'größe/π': -1e-30 }, 1_700_000_000_250);
    await file.scalars(3_000_000_000, { loss: 1e38, bad: NaN, worse: Infinity }, 1_700_000_001_000);
    expect(await readEvents(folder.path)).toEqual([
      { wallTime: 1_700_000_000.25, step: 0, fileVersion: 'brain.Event:2', scalars: {} },
      {
        wallTime: 1_700_000_000.25,
        step: 1,
        fileVersion: undefined,
        scalars: { loss: 0.5, 'größe/π': Math.fround(-1e-30) },
      },
      {
        wallTime: 1_700_000_001,
        step: 3_000_000_000,
        fileVersion: undefined,
        scalars: { loss: Math.fround(1e38) },
      },
    ]);
  });
});
