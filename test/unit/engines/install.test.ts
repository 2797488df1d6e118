import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { compileAddon } from '../../../src/engines/tensorflow/build.js';
import { install, planFromPython, uninstall } from '../../../src/engines/tensorflow/install.js';
import {
  findInstallation,
  installationRoot,
  recordPath,
} from '../../../src/engines/tensorflow/installation.js';
import { pythonTensorFlow } from '../../../src/engines/tensorflow/python.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aimaas-install-'));
  vi.stubEnv('AIMAAS_HOME', join(folder, 'home'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const signal = new AbortController().signal;

/** A program that answers as Python does when it is asked for its TensorFlow. */
async function python(answer: object): Promise<string> {
  const path = join(folder, 'python');
  await writeFile(path, `#!/bin/sh\necho '${JSON.stringify(answer)}'\n`);
  await chmod(path, 0o755);
  return path;
}

/** A folder with the files of a TensorFlow that are looked for. */
async function tensorflowFolder(): Promise<string> {
  const path = join(folder, 'tensorflow');
  await mkdir(join(path, 'include', 'tensorflow', 'c'), { recursive: true });
  await writeFile(join(path, 'include', 'tensorflow', 'c', 'c_api.h'), '');
  for (const name of ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'])
    await writeFile(join(path, name), '');
  for (const name of ['libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib'])
    await writeFile(join(path, name), '');
  return path;
}

describe.skipIf(process.platform === 'win32')('the TensorFlow of a Python', () => {
  it('is found with its version, by interpreter or environment', async () => {
    const path = await tensorflowFolder();
    const interpreter = await python({ folder: path, version: '2.21.0' });
    expect(await pythonTensorFlow(interpreter)).toMatchObject({ version: '2.21.0', folder: path });
    await mkdir(join(folder, 'env', 'bin'), { recursive: true });
    await writeFile(join(folder, 'env', 'bin', 'python'), `#!/bin/sh\nexec ${interpreter}\n`, {
      mode: 0o755,
    });
    expect((await pythonTensorFlow(join(folder, 'env'))).python).toBe(join(folder, 'env', 'bin', 'python'));
  });

  it('says what is missing, and how to get it', async () => {
    await expect(pythonTensorFlow(join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'USAGE' });
    await expect(pythonTensorFlow(folder)).rejects.toMatchObject({
      code: 'USAGE',
      message: /without bin\/python/,
    });
    const bare = await python({ folder: null, version: null });
    await expect(pythonTensorFlow(bare)).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      hint: expect.stringContaining(`${bare} -m pip install tensorflow`) as string,
    });
    const old = await python({ folder: join(folder, 'old'), version: '2.3.0' });
    await expect(pythonTensorFlow(old)).rejects.toMatchObject({ message: /2\.3\.0.*lacks.*c_api\.h.*2\.12/ });
    vi.stubEnv('CXX', join(folder, 'no-compiler'));
    const fine = await python({ folder: await tensorflowFolder(), version: '2.21.0' });
    await expect(planFromPython(fine)).rejects.toMatchObject({ message: /no C\+\+ compiler.*no-compiler/ });
  });

  it('is not installed when compiling fails, and nothing is left behind', async () => {
    vi.stubEnv('CXX', join(folder, 'compiler'));
    await writeFile(
      join(folder, 'compiler'),
      '#!/bin/sh\n[ "$1" = --version ] && exit 0\necho "c_api.h: broken" >&2\nexit 3\n',
      { mode: 0o755 },
    );
    const plan = await planFromPython(await python({ folder: await tensorflowFolder(), version: '2.21.0' }));
    expect(plan.actions[0]).toContain('TensorFlow 2.21.0');
    expect(plan.actions.join()).toContain(installationRoot());
    expect(await readdir(folder)).not.toContain('home');
    await expect(install(plan, signal)).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      message: /exit code 3: c_api\.h: broken/,
    });
    expect(await readdir(installationRoot())).toEqual([]);
    expect(findInstallation()).toBeUndefined();
  });

  it('is not installed when what was built does not load', async () => {
    vi.stubEnv('CXX', join(folder, 'compiler'));
    const script = '#!/bin/sh\nwhile [ $# -gt 0 ]; do [ "$1" = -o ] && echo nonsense > "$2"; shift; done\n';
    await writeFile(join(folder, 'compiler'), script, { mode: 0o755 });
    const plan = await planFromPython(await python({ folder: await tensorflowFolder(), version: '2.21.0' }));
    await expect(install(plan, signal)).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
    expect(await readdir(installationRoot())).toEqual([]);
  });

  it('ends the compiler when it is interrupted', async () => {
    const compiler = join(folder, 'compiler');
    await writeFile(compiler, '#!/bin/sh\nexec sleep 60\n', { mode: 0o755 });
    const controller = new AbortController();
    const tensorflow = { python: 'python', version: '2.21.0', folder, libraries: [] };
    const work = compileAddon(
      { compiler, sources: [], headers: folder },
      tensorflow,
      folder,
      controller.signal,
    );
    controller.abort();
    await expect(work).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

describe('an installation', () => {
  it('counts only with a record whose addon is there, and goes without a trace', async () => {
    expect(await uninstall()).toBe(false);
    const root = installationRoot();
    await mkdir(join(root, 'aaaaaaaaaaaa'), { recursive: true });
    await mkdir(join(root, 'bbbbbbbbbbbb'), { recursive: true });
    const record = { schemaVersion: 1, folder: 'aaaaaaaaaaaa', addon: 'tfjs_binding.node' };
    await writeFile(recordPath(), JSON.stringify(record));
    expect(findInstallation()).toBeUndefined();
    await writeFile(join(root, 'aaaaaaaaaaaa', 'tfjs_binding.node'), '');
    expect(findInstallation()?.addon).toBe(join(root, 'aaaaaaaaaaaa', 'tfjs_binding.node'));
    await writeFile(recordPath(), '{"schemaVersion": 1, ');
    expect(findInstallation()).toBeUndefined();
    await writeFile(recordPath(), JSON.stringify(record));
    expect(await uninstall()).toBe(true);
    expect(await readdir(root)).toEqual([]);
  });
});
