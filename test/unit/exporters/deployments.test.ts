import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { validate } from 'dockerfile-utils';
import { Deployment } from 'kubernetes-models/apps/v1';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { Pod, Service } from 'kubernetes-models/v1';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { BundleManifest } from '../../../src/core/bundle.js';
import { docker } from '../../../src/exporters/docker.js';
import { kubernetesName } from '../../../src/exporters/kubernetes-name.js';
import { kubernetes } from '../../../src/exporters/kubernetes.js';
import { bundleManifest } from '../../helpers/bundle.js';

const NAMES = [
  'penguins',
  'Pingüinos',
  '企鹅',
  '3 little pigs',
  'a"b$HOME\\`x`',
  'x'.repeat(120),
  '-',
  'a.b_c',
];

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aimaas-deployments-'));
  await writeFile(join(folder, 'predictor.json'), '{}');
});
afterAll(() => rm(folder, { recursive: true }));

function manifestOf(name: string): BundleManifest {
  const files = { 'network.onnx': { bytes: 90_000_000, sha256: '' } };
  return { ...bundleManifest({ name, files }), version: 12, createdAt: '2026-01-01T00:00:00.000Z' };
}

async function write(deployer: typeof docker, name: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'aimaas-deployment-'));
  await deployer.write({ folder, manifest: manifestOf(name), example: {} }, dir);
  return dir;
}

describe('kubernetesName', () => {
  it.each(NAMES)('is a label that everything takes: %s', (name) => {
    expect(kubernetesName(name)).toMatch(/^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/);
  });

  it('keeps names that are right, and tells apart what would be alike', () => {
    expect(kubernetesName('penguins-2')).toBe('penguins-2');
    const alike = ['Modèle', 'modele', 'MODELE', 'modele!', '企鹅', '熊猫', '-'].map(kubernetesName);
    expect(new Set(alike).size).toBe(alike.length);
  });
});

describe.each(NAMES)('docker: %s', (name) => {
  it('has a Dockerfile without problems that runs as no root', async () => {
    const dir = await write(docker, name);
    const text = await readFile(join(dir, 'Dockerfile'), 'utf8');
    expect(validate(text)).toEqual([]);
    expect(validate(`${text}\nCOPPY a b`)).not.toEqual([]);
    const images = [...text.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);
    for (const image of images) expect(image).toMatch(/^node:\d+\.\d+\.\d+-/);
    expect(text).toMatch(/^USER [1-9]\d*:[1-9]\d*$/m);
    expect(text).toMatch(/^HEALTHCHECK /m);
    expect(text.split('\n').filter((line) => line !== '' && !/^(?:#|[A-Z]+ )/.test(line))).toEqual([]);
    expect((await readdir(dir)).sort()).toEqual(['.dockerignore', 'Dockerfile', 'model', 'server']);
    const lock = JSON.parse(await readFile(join(dir, 'server', 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { integrity?: string }>;
    };
    const installed = Object.entries(lock.packages).filter(([path]) => path !== '');
    expect(installed.map(([path]) => path)).toContain('node_modules/onnxruntime-node');
    for (const [, { integrity }] of installed) expect(integrity).toMatch(/^sha512-/);
    await rm(dir, { recursive: true });
  });
});

describe.each(NAMES)('kubernetes: %s', (name) => {
  it('has manifests that hold against the schemas of Kubernetes', async () => {
    const dir = await write(kubernetes, name);
    const read = async <T>(file: string): Promise<T> => parse(await readFile(join(dir, file), 'utf8')) as T;
    const models = {
      'deployment.yaml': Deployment,
      'service.yaml': Service,
      'horizontal-pod-autoscaler.yaml': HorizontalPodAutoscaler,
      'pod-disruption-budget.yaml': PodDisruptionBudget,
      'network-policy.yaml': NetworkPolicy,
    };
    for (const [file, Model] of Object.entries(models)) {
      const manifest = await read<{ metadata: { annotations: object } }>(file);
      expect(() => new Model(manifest as never).validate()).not.toThrow();
      expect(manifest.metadata.annotations).toMatchObject({ 'aimaas/model': `${name}/12` });
      const wrong = { ...manifest, spec: 'nothing' };
      expect(() => new Model(wrong as never).validate()).toThrow();
    }
    const { resources } = await read<{ resources: string[] }>('kustomization.yaml');
    expect(resources).toEqual(Object.keys(models));
    const service = await read<{ metadata: object; spec: { predictor: object } }>(
      'kserve/inference-service.yaml',
    );
    expect(service).toMatchObject({ apiVersion: 'serving.kserve.io/v1beta1', kind: 'InferenceService' });
    // The predictor of KServe is a pod with fields of its own.
    const pod = new Pod({ metadata: service.metadata, spec: service.spec.predictor as never });
    expect(() => pod.validate()).not.toThrow();
    await rm(dir, { recursive: true });
  });

  it('selects its own pods, as no root, with memory by the size of the model', async () => {
    const dir = await write(kubernetes, name);
    const deployment = new Deployment(parse(await readFile(join(dir, 'deployment.yaml'), 'utf8')) as never);
    const { selector, template } = deployment.spec ?? {};
    expect(template?.metadata?.labels).toMatchObject(selector?.matchLabels ?? { none: '' });
    for (const value of Object.values(template?.metadata?.labels ?? {})) {
      expect(value).toMatch(/^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/);
    }
    const [container] = template?.spec?.containers ?? [];
    expect(container?.image).toBe(`${kubernetesName(name)}:12`);
    expect(template?.spec?.securityContext).toMatchObject({ runAsNonRoot: true });
    expect(container?.resources?.requests).toMatchObject({ memory: '576Mi' });
    for (const probe of [container?.startupProbe, container?.readinessProbe, container?.livenessProbe]) {
      expect(probe?.httpGet?.port).toBe('http');
    }
    await rm(dir, { recursive: true });
  });
});
