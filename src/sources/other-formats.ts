import { AimaasError } from '../core/errors.js';

/** The bytes that a format begins with. */
const ascii = (text: string): readonly number[] => Array.from(Buffer.from(text, 'latin1'));

const ZIP = [0x50, 0x4b, 0x03, 0x04];

const OTHER_FORMATS: readonly {
  readonly magic: readonly number[];
  readonly what: string;
  readonly hint: string;
}[] = [
  { magic: ZIP, what: 'a ZIP or Excel file', hint: 'Unpack it, or save the sheet as CSV.' },
  { magic: [0xd0, 0xcf, 0x11, 0xe0], what: 'an old Excel file', hint: 'Save the sheet as CSV.' },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], what: 'a zstd file', hint: 'Unpack it with: zstd -d FILE' },
  { magic: [0x42, 0x5a, 0x68], what: 'a bzip2 file', hint: 'Unpack it with: bunzip2 FILE' },
  {
    magic: ascii('SQLite'),
    what: 'an SQLite database',
    hint: 'Export the table as CSV.',
  },
  {
    magic: ascii('ARROW1'),
    what: 'an Arrow or Feather file',
    hint: 'Save it as Parquet: df.to_parquet(...)',
  },
  { magic: [0x89, 0x50, 0x4e, 0x47], what: 'a PNG image', hint: 'Give the table itself, as CSV.' },
  { magic: [0xff, 0xd8, 0xff], what: 'a JPEG image', hint: 'Give the table itself, as CSV.' },
  { magic: [0x89, 0x48, 0x44, 0x46], what: 'an HDF5 file', hint: 'Save the table as CSV or Parquet.' },
  { magic: ascii('Obj\u0001'), what: 'an Avro file', hint: 'Save the table as CSV or Parquet.' },
  { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a], what: 'an xz file', hint: 'Unpack it with: unxz FILE' },
  { magic: ascii('%PDF'), what: 'a PDF', hint: 'Give the table itself, as CSV.' },
];

export function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, i) => bytes[i] === byte);
}

/** @throws AimaasError SOURCE_FORMAT for a file that begins like one of a format which is not read, saying what to do. */
export function throwOnOtherFormat(location: string, bytes: Uint8Array): void {
  const other = OTHER_FORMATS.find(({ magic }) => startsWith(bytes, magic));
  if (other === undefined) return;
  throw new AimaasError('SOURCE_FORMAT', `${location} is ${other.what}, not a table of text or Parquet.`, {
    hint: other.hint,
  });
}
