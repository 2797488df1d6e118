import type { Json } from './json.js';

/** A JSON value by its text, where reading it would change it: 9007199254740993, 1.0. */
export class RawJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A cell as it stands in the data. */
export type GivenCell = Json | RawJson;

/** The JSON text of a cell. */
export function cellJson(cell: GivenCell): string {
  return cell instanceof RawJson ? cell.text : JSON.stringify(cell);
}
