#!/usr/bin/env node
// Checks Node, then hands over to the program. Kept to syntax that old versions of Node can parse.
import process from 'node:process';

const [major] = process.versions.node.split('.');
if (Number(major) < 20) {
  process.stderr.write(
    'error: aimaas needs Node 20 or newer; this is Node ' +
      process.versions.node +
      ' (' +
      process.execPath +
      ').\n  hint: install a current version from https://nodejs.org\n',
  );
  process.exit(2);
}

import('node:module')
  .then((module) => {
    // Node 22.8 and newer keep compiled code on disk, which makes the second start faster.
    if (typeof module.enableCompileCache === 'function') module.enableCompileCache();
    return import('../dist/process.js');
  })
  .then((program) => program.runProcess());
