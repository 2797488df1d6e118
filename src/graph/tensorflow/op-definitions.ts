import { OP_TABLE } from './op-table.js';
import type { DataType } from './types.js';

/** An input or output of an operation. */
export interface ArgumentDefinition {
  readonly name: string;
  /** A data type, or the attribute that holds it. */
  readonly type: string;
  /** The attribute that counts the tensors, where the argument is a list of them. */
  readonly count: string | undefined;
  /** The attribute that lists the types of the tensors, where they may differ. */
  readonly types: string | undefined;
}

export interface AttributeDefinition {
  readonly kind: string;
  /** As the table writes it; undefined where the attribute must be given. */
  readonly otherwise: string | undefined;
  readonly allowed: readonly string[];
}

export interface OpDefinition {
  readonly inputs: readonly ArgumentDefinition[];
  readonly outputs: readonly ArgumentDefinition[];
  readonly attributes: ReadonlyMap<string, AttributeDefinition>;
}

let definitions: Map<string, OpDefinition> | undefined;

/** What TensorFlow's registry says of an operation; one that is not in the table is a bug of its writer. */
export function opDefinition(op: string): OpDefinition {
  definitions ??= new Map(OP_TABLE.trim().split('\n').map(parseLine));
  const definition = definitions.get(op);
  if (definition === undefined) throw new Error(`The table of TensorFlow's operations has no ${op}.`);
  return definition;
}

function parseLine(line: string): [string, OpDefinition] {
  const match = /^(\w+)\((.*?)\) -> (.*?) ?; ?(.*)$/.exec(line);
  if (match === null) throw new Error(`The table of TensorFlow's operations has a line that says: ${line}`);
  const [, name = '', inputs = '', outputs = '', attributes = ''] = match;
  // A list as default holds commas, but no spaces.
  const parts = (text: string): string[] => text.split(', ').filter((part) => part !== '');
  return [
    name,
    {
      inputs: parts(inputs).map(parseArgument),
      outputs: parts(outputs).map(parseArgument),
      attributes: new Map(parts(attributes).map(parseAttribute)),
    },
  ];
}

function parseArgument(text: string): ArgumentDefinition {
  const [name = '', type = ''] = text.split(':');
  const [count, single] = type.split('*');
  if (single === undefined) return { name, type, count: undefined, types: undefined };
  if (count === '') return { name, type: single, count: undefined, types: single };
  return { name, type: single, count, types: undefined };
}

function parseAttribute(text: string): [string, AttributeDefinition] {
  const match = /^(\w+):(\S+)(?: = (\S+))?(?: \{(.*)\})?$/.exec(text);
  if (match === null)
    throw new Error(`The table of TensorFlow's operations has an attribute that says: ${text}`);
  const [, name = '', kind = '', otherwise, allowed] = match;
  return [name, { kind, otherwise, allowed: allowed === undefined ? [] : allowed.split(' ') }];
}

/** Whether an operation takes a type where its definition names this attribute. */
export function allowsType(definition: AttributeDefinition, type: DataType): boolean {
  return definition.allowed.length === 0 || definition.allowed.includes(type);
}
