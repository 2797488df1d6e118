import { createHash } from 'node:crypto';

/** Room for what Kubernetes and its users add to a name of 63 characters at most. */
const LONGEST = 40;

/**
 * A name that Kubernetes takes for everything (RFC 1035 label: lower case letters, digits and hyphens, a letter first) for
 * a model of any name. Names that would become alike are told apart by a piece of their hash.
 */
export function kubernetesName(model: string): string {
  const plain = model
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  const lettered = /^[a-z]/.test(plain) ? plain : `model-${plain}`.replace(/-+$/, '');
  const short = lettered.slice(0, LONGEST).replace(/-+$/, '');
  if (short === model) return short;
  return `${short}-${createHash('sha256').update(model).digest('hex').slice(0, 6)}`;
}
