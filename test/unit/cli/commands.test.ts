import { describe, expect, test } from 'vitest';
import { configSchema } from '../../../src/cli/config-schema.js';
import { GLOBAL_OPTIONS } from '../../../src/cli/globals.js';
import { flagOf } from '../../../src/cli/names.js';
import { parseArguments } from '../../../src/cli/parse.js';
import { COMMANDS } from '../../../src/commands/index.js';

const loaded = await Promise.all(COMMANDS.map(async (entry) => ({ entry, definition: await entry.load() })));

test('no command is listed twice', () => {
  const names = COMMANDS.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
});

describe.each(loaded)('$entry.name', ({ entry, definition }) => {
  test('is listed as it is defined', () => {
    expect({ name: entry.name, summary: entry.summary }).toEqual({
      name: definition.name,
      summary: definition.summary,
    });
    expect(definition.summary).not.toMatch(/\.$|\n/);
  });

  test('has examples that parse', () => {
    expect(definition.examples.length).toBeGreaterThan(0);
    for (const { command } of definition.examples) {
      const invocation = new RegExp(`aimaas ${definition.name.split(' ')[0] ?? ''}([^|>;)]*)`).exec(command);
      expect(invocation, command).not.toBeNull();
      // $(…) stands for words that only a shell knows.
      const text = invocation?.[1]?.replace(/\$\(.*$/, '') ?? '';
      const words = (text.match(/'[^']*'|"[^"]*"|\S+/g) ?? []).map((word) =>
        word.replace(/^(['"])(.*)\1$/, '$2'),
      );
      const sub = definition.name.split(' ')[1];
      const rest = words[0] === sub ? words.slice(1) : words;
      expect(() => parseArguments(definition, rest), command).not.toThrow();
    }
  });

  test('has options of its own, each with what its help needs', () => {
    const globals = Object.entries(GLOBAL_OPTIONS).flatMap(([key, spec]) => [
      flagOf(key),
      'short' in spec ? spec.short : '',
    ]);
    for (const [key, spec] of Object.entries(definition.options)) {
      expect(key).toMatch(/^[a-z][a-zA-Z0-9]*$/);
      expect(globals).not.toContain(flagOf(key));
      if (spec.short !== undefined) expect(globals).not.toContain(spec.short);
      expect(spec.description, key).not.toMatch(/\.$|\n/);
      if (spec.type !== 'boolean' && spec.choices === undefined) expect(spec.placeholder, key).toBeDefined();
    }
  });

  test('puts variadic arguments last and required ones first', () => {
    const kinds = definition.arguments.map(({ required, variadic }) =>
      variadic === true ? 2 : required === true ? 0 : 1,
    );
    expect(kinds).toEqual([...kinds].sort());
    expect(kinds.filter((kind) => kind === 2).length).toBeLessThanOrEqual(1);
  });
});

test('the schema of aimaas.yaml has a section for every command that can be configured', async () => {
  const { Ajv } = await import('ajv');
  const schema = configSchema(loaded.map(({ definition }) => definition));
  expect(new Ajv({ strict: false }).validateSchema(schema)).toBe(true);
  const sections = Object.keys((schema['properties'] ?? {}) as object);
  expect(sections).toEqual(
    expect.arrayContaining(['workspace', 'collect', 'preprocess', 'train', 'evaluate', 'export', 'serve']),
  );
});
