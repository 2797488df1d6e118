import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import protobuf from 'protobufjs';

/** The part of tensorflow/core/util/event.proto and summary.proto that scalars need, as TensorFlow has it. */
const PROTO = `
  syntax = "proto3";
  message Event {
    double wall_time = 1;
    int64 step = 2;
    oneof what { string file_version = 3; Summary summary = 5; }
  }
  message Summary {
    message Value { string tag = 1; oneof value { float simple_value = 2; } }
    repeated Value value = 1;
  }
`;

const Event = protobuf.parse(PROTO).root.lookupType('Event');

export interface LoggedEvent {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step: number;
  readonly fileVersion: string | undefined;
  readonly scalars: Readonly<Record<string, number>>;
}

/** CRC-32C bit by bit, of which 0xe3069283 is that of "123456789". */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0x82f63b78 & -(crc & 1));
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** A checksum as record files hold it: turned right by 15 bits, plus a constant. */
function unmasked(stored: number): number {
  const turned = (stored - 0xa282ead8) >>> 0;
  return ((turned >>> 17) | (turned << 15)) >>> 0;
}

/** The contents of the records of a TFRecord file, all checksums of which must be right. */
function records(file: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < file.length;) {
    const length = Number(file.readBigUInt64LE(at));
    const content = file.subarray(at + 12, at + 12 + length);
    const parts = [
      [file.subarray(at, at + 8), file.readUInt32LE(at + 8)],
      [content, file.readUInt32LE(at + 12 + length)],
    ] as const;
    for (const [bytes, checksum] of parts) {
      if (crc32c(bytes) !== unmasked(checksum)) throw new Error(`A checksum at byte ${at} is wrong.`);
    }
    found.push(content);
    at += 16 + length;
  }
  return found;
}

/** The events of a folder as TensorBoard reads them: those of all its files, by name. */
export async function readEvents(folder: string): Promise<LoggedEvent[]> {
  const events: LoggedEvent[] = [];
  for (const name of (await readdir(folder)).sort()) {
    if (!name.includes('tfevents')) throw new Error(`TensorBoard would not read ${name}.`);
    for (const content of records(await readFile(join(folder, name)))) {
      const event = Event.toObject(Event.decode(content), { longs: Number, arrays: true }) as {
        wallTime: number;
        step?: number;
        fileVersion?: string;
        summary?: { value: { tag: string; simpleValue: number }[] };
      };
      const values = event.summary?.value ?? [];
      events.push({
        wallTime: event.wallTime,
        step: event.step ?? 0,
        fileVersion: event.fileVersion,
        scalars: Object.fromEntries(values.map(({ tag, simpleValue }) => [tag, simpleValue])),
      });
    }
  }
  return events;
}
