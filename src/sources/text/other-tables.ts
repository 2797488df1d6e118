import { AimaasError } from '../../core/errors.js';
import { shellWord } from '../../core/shell.js';
import { alignedShape } from './aligned.js';
import { jsonShape } from './json-shape.js';

/** @throws AimaasError SOURCE_FORMAT for JSON that holds a table in another way, with the command that mends it. */
export function throwOnShape(
  { location, gzip }: { readonly location: string; readonly gzip: boolean },
  head: string,
  whole: boolean,
): void {
  const shape = jsonShape(head, whole);
  if (shape === undefined) return;
  const program = `jq -c ${shellWord(shape.program)}`;
  const file = shellWord(location);
  const command =
    location === 'stdin' || location === '-'
      ? `… | ${program} | aimaas …`
      : gzip
        ? `gzip -dc ${file} | ${program} > rows.jsonl`
        : `${program} ${file} > rows.jsonl`;
  throw new AimaasError(
    'SOURCE_FORMAT',
    `${location === '-' ? 'stdin' : location} ${shape.what}; what can be read is one object a line (JSON Lines), or an array of objects.`,
    { hint: `Make lines of it: ${command}` },
  );
}

/** @throws AimaasError SOURCE_FORMAT for a text whose cells blanks set apart, where no delimiter was given. */
export function throwOnAligned(
  location: string,
  head: string,
  whole: boolean,
  cells: readonly string[],
): void {
  const shape = alignedShape(head, whole, cells);
  if (shape === undefined) return;
  const header = shape.hasHeader
    ? ''
    : " Its first line looks like data: put the names above it first, as in sed '1i NAME1 NAME2 …' FILE > NEW.";
  throw new AimaasError(
    'SOURCE_FORMAT',
    `${location} seems to have ${shape.columns} columns that are set apart by blanks, not by a comma, semicolon, tab or |.`,
    {
      hint: `Read it with --delimiter whitespace (or name the one it has, as in --delimiter , if it is one column).${header}`,
    },
  );
}
