import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { BundleManifest } from '../core/bundle.js';
import type { JsonObject } from '../core/json.js';
import { VERSION } from '../core/version.js';
import type { Deployer } from './deployment.js';
import { imageOf, PORT, USER } from './docker.js';
import { writeWhole } from './files.js';
import { kubernetesName } from './kubernetes-name.js';

const MEBIBYTE = 1024 * 1024;
/** What the server needs without a model, and how often a model is in memory while it is loaded. */
const BASE_MEMORY = 192;
const MODEL_COPIES = 4;
/** Memory is asked for in steps of so many MiB. */
const STEP = 64;

/** Seconds that traffic still comes after a pod was told to end, and that requests may take to finish. */
const DEREGISTRATION = 5;
const GRACE = 45;

interface Service {
  readonly name: string;
  readonly image: string;
  readonly selector: JsonObject;
  readonly metadata: JsonObject;
  readonly memory: number;
  /** Of the Secret that opens an encrypted model. */
  readonly secret: string | null;
}

/** The Secret whose key `passphrase` opens an encrypted model. The name of one may have 253 letters. */
function passphraseSecret(model: string): string {
  return `${kubernetesName(model)}-passphrase`;
}

function serviceOf(manifest: BundleManifest): Service {
  const name = kubernetesName(manifest.name);
  const selector = { 'app.kubernetes.io/name': 'aimaas', 'app.kubernetes.io/instance': name };
  const { files } = manifest;
  const bytes = (files['network.onnx'] ?? files['network.onnx.encrypted'])?.bytes ?? 0;
  return {
    name,
    image: imageOf(manifest.name, manifest.version),
    selector,
    metadata: {
      name,
      labels: {
        ...selector,
        'app.kubernetes.io/version': String(manifest.version),
        'app.kubernetes.io/component': 'model-server',
        'app.kubernetes.io/managed-by': 'aimaas',
      },
      annotations: {
        'aimaas/model': `${manifest.name}/${manifest.version}`,
        'aimaas/run': manifest.lineage.run,
      },
    },
    memory: Math.ceil((BASE_MEMORY + (MODEL_COPIES * bytes) / MEBIBYTE) / STEP) * STEP,
    secret: manifest.encryption === undefined ? null : passphraseSecret(manifest.name),
  };
}

const POD_SECURITY = {
  runAsNonRoot: true,
  runAsUser: USER,
  runAsGroup: USER,
  seccompProfile: { type: 'RuntimeDefault' },
};

function probe(path: string, more: JsonObject): JsonObject {
  return { httpGet: { path, port: 'http' }, timeoutSeconds: 3, ...more };
}

function container({ image, memory, secret }: Service, name: string, portName: string): JsonObject {
  return {
    name,
    image,
    imagePullPolicy: 'IfNotPresent',
    // Who may reach it, the NetworkPolicy says. For API keys, mount a secret and use --keys-file.
    args: ['--insecure'],
    ...(secret === null
      ? {}
      : {
          env: [
            { name: 'AIMAAS_PASSPHRASE', valueFrom: { secretKeyRef: { name: secret, key: 'passphrase' } } },
          ],
        }),
    ports: [{ name: portName, containerPort: PORT, protocol: 'TCP' }],
    resources: {
      // No limit of the CPU: one would slow down exactly the slowest answers.
      requests: { cpu: '500m', memory: `${memory}Mi` },
      limits: { memory: `${2 * memory}Mi` },
    },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
  };
}

function deployment(service: Service): JsonObject {
  const { metadata, selector } = service;
  const { labels, annotations } = metadata as { labels: JsonObject; annotations: JsonObject };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      // The number of replicas is the HorizontalPodAutoscaler's.
      selector: { matchLabels: selector },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: {
        metadata: {
          labels,
          annotations: {
            ...annotations,
            'prometheus.io/scrape': 'true',
            'prometheus.io/port': String(PORT),
            'prometheus.io/path': '/metrics',
          },
        },
        spec: {
          automountServiceAccountToken: false,
          securityContext: POD_SECURITY,
          terminationGracePeriodSeconds: GRACE,
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: 'kubernetes.io/hostname',
              whenUnsatisfiable: 'ScheduleAnyway',
              labelSelector: { matchLabels: selector },
            },
          ],
          containers: [
            {
              ...container(service, 'server', 'http'),
              startupProbe: probe('/readyz', { periodSeconds: 1, failureThreshold: 120 }),
              readinessProbe: probe('/readyz', { periodSeconds: 5, failureThreshold: 2 }),
              livenessProbe: probe('/healthz', { periodSeconds: 10, failureThreshold: 3 }),
              lifecycle: {
                // Until no load balancer sends requests any more.
                preStop: {
                  exec: { command: ['node', '-e', `setTimeout(() => undefined, ${1000 * DEREGISTRATION})`] },
                },
              },
              volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
            },
          ],
          volumes: [{ name: 'tmp', emptyDir: {} }],
        },
      },
    },
  };
}

function balancer({ metadata, selector }: Service): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { selector, ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }] },
  };
}

function autoscaler({ metadata, name }: Service): JsonObject {
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata,
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      minReplicas: 2,
      maxReplicas: 10,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } },
        },
      ],
      behavior: { scaleDown: { stabilizationWindowSeconds: 300 } },
    },
  };
}

function disruptionBudget({ metadata, selector }: Service): JsonObject {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata,
    spec: { maxUnavailable: 1, selector: { matchLabels: selector } },
  };
}

/** Pods of the namespace may ask; the server itself asks nobody. */
function networkPolicy({ metadata, selector }: Service): JsonObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata,
    spec: {
      podSelector: { matchLabels: selector },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 'http', protocol: 'TCP' }] }],
      egress: [],
    },
  };
}

function kustomization({ image }: Service, resources: readonly string[]): JsonObject {
  const [name = '', tag = ''] = image.split(':');
  return {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources,
    images: [{ name, newName: name, newTag: tag }],
  };
}

/** KServe runs the same image; it brings its own routing, scaling and probes of the queue. */
function inferenceService(service: Service): JsonObject {
  return {
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: service.metadata,
    spec: {
      predictor: {
        minReplicas: 1,
        maxReplicas: 10,
        timeout: 60,
        automountServiceAccountToken: false,
        securityContext: POD_SECURITY,
        containers: [
          {
            ...container(service, 'kserve-container', 'http1'),
            readinessProbe: { httpGet: { path: '/readyz', port: PORT }, periodSeconds: 5, timeoutSeconds: 3 },
          },
        ],
      },
    },
  };
}

function yaml(object: JsonObject): string {
  return stringify(object, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** Manifests for a cluster, beside the image of --format docker, and the same for KServe. */
export const kubernetes: Deployer = {
  format: 'kubernetes',
  summary: 'manifests for Kubernetes, and for KServe',
  async write({ manifest }, dir) {
    const service = serviceOf(manifest);
    const objects: Readonly<Record<string, JsonObject>> = {
      'deployment.yaml': deployment(service),
      'service.yaml': balancer(service),
      'horizontal-pod-autoscaler.yaml': autoscaler(service),
      'pod-disruption-budget.yaml': disruptionBudget(service),
      'network-policy.yaml': networkPolicy(service),
    };
    const head = `# ${JSON.stringify(manifest.name)} version ${manifest.version}, made by aimaas ${VERSION}. See docs/deploy.md of aimaas.\n`;
    for (const [file, object] of Object.entries(objects))
      await writeWhole(join(dir, file), head + yaml(object));
    const all = kustomization(service, Object.keys(objects));
    await writeWhole(join(dir, 'kustomization.yaml'), head + yaml(all));
    await mkdir(join(dir, 'kserve'));
    await writeWhole(join(dir, 'kserve', 'inference-service.yaml'), head + yaml(inferenceService(service)));
    return 'kubectl apply -k .';
  },
};
