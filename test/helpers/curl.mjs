// The part of curl that our documentation uses, so that its examples can be run where there is no curl: fails as
// `curl --fail` does, with the body on stderr.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    request: { type: 'string', short: 'X' },
    header: { type: 'string', short: 'H', multiple: true, default: [] },
    data: { type: 'string', short: 'd' },
    'data-binary': { type: 'string' },
  },
});
const given = values.data ?? values['data-binary'];
const body = given === '@-' ? readFileSync(0) : given;
const headers = new Headers(
  body === undefined ? {} : { 'Content-Type': 'application/x-www-form-urlencoded' },
);
for (const header of values.header) {
  const colon = header.indexOf(':');
  headers.set(header.slice(0, colon), header.slice(colon + 1).trim());
}
const method = values.request ?? (body === undefined ? 'GET' : 'POST');
const response = await fetch(positionals[0], { method, headers, body });
(response.ok ? process.stdout : process.stderr).write(await response.text());
process.exitCode = response.ok ? 0 : 22;
