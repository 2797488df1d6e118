import { createInterface } from 'node:readline/promises';
import { type Host, isTerminal } from './terminal.js';

/** Asks a yes/no question. --yes answers it; without a terminal nobody can, so the answer is no. */
export async function confirm(question: string, host: Host, yes: boolean): Promise<boolean> {
  if (yes) return true;
  if (!isTerminal(host.stdin) || !isTerminal(host.stderr)) return false;
  const prompt = createInterface({ input: host.stdin, output: host.stderr });
  try {
    const answer = await prompt.question(`${question} [y/N] `, { signal: host.signal });
    return /^(y|yes)$/i.test(answer.trim());
  } finally {
    prompt.close();
  }
}
