import { describe, expect, test } from 'vitest';
import { commandHelp, rootHelp } from '../../src/cli/help.js';
import { createStyle } from '../../src/cli/style.js';
import { COMMANDS } from '../../src/commands/index.js';

// A change of these files is a change of what users read: look at the difference, then run vitest with -u.
const style = await createStyle(false, 100);

test('aimaas --help', async () => {
  await expect(`${rootHelp(COMMANDS, style)}\n`).toMatchFileSnapshot('help/aimaas.txt');
});

describe.each(COMMANDS)('aimaas help $name', (entry) => {
  test('is as approved', async () => {
    const text = commandHelp(await entry.load(), style);
    await expect(`${text}\n`).toMatchFileSnapshot(`help/${entry.name.replaceAll(' ', '-')}.txt`);
  });
});
