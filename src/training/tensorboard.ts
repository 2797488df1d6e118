import { appendFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import protobuf from 'protobufjs/minimal.js';

/** The table of CRC-32C (Castagnoli), which TensorFlow's record files are checked by. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0x82f63b78 ^ (value >>> 1) : value >>> 1;
  return value;
});

function maskedCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (TABLE[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8);
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** One record: length, its checksum, content, its checksum (tensorflow/core/lib/io/record_writer.h). */
function record(content: Uint8Array): Buffer {
  const head = Buffer.alloc(12);
  head.writeBigUInt64LE(BigInt(content.length), 0);
  head.writeUInt32LE(maskedCrc32c(head.subarray(0, 8)), 8);
  const tail = Buffer.alloc(4);
  tail.writeUInt32LE(maskedCrc32c(content), 0);
  return Buffer.concat([head, content, tail]);
}

/** An Event message (tensorflow/core/util/event.proto): wall_time = 1, step = 2, file_version = 3, summary = 5. */
function event(
  wallTime: number,
  step: number,
  body: (writer: protobuf.Writer) => protobuf.Writer,
): Uint8Array {
  const writer = protobuf.Writer.create().uint32(9).double(wallTime).uint32(16).int64(step);
  return body(writer).finish();
}

/** Writes scalars that TensorBoard reads into a file of its own. */
export class EventFile {
  private readonly path: string;
  private started = false;

  constructor(folder: string, now = Date.now()) {
    this.path = join(folder, `events.out.tfevents.${Math.floor(now / 1000)}.${hostname()}.${process.pid}`);
  }

  /** Appends the values as scalars of the step. Values that are not finite are left out. */
  async scalars(step: number, values: Readonly<Record<string, number | null>>, now: number): Promise<void> {
    const records: Buffer[] = [];
    const seconds = now / 1000;
    if (!this.started) {
      records.push(record(event(seconds, 0, (writer) => writer.uint32(26).string('brain.Event:2'))));
      this.started = true;
    }
    const summary = protobuf.Writer.create();
    for (const [tag, value] of Object.entries(values)) {
      if (value === null || !Number.isFinite(value)) continue;
      // Summary.value = 1 { tag = 1, simple_value = 2 }
      summary.uint32(10).fork().uint32(10).string(tag).uint32(21).float(value).ldelim();
    }
    records.push(record(event(seconds, step, (writer) => writer.uint32(42).bytes(summary.finish()))));
    await appendFile(this.path, Buffer.concat(records));
  }
}
