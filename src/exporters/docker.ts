import { copyFile, cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { VERSION } from '../core/version.js';
import type { Deployer } from './deployment.js';
import { writeWhole } from './files.js';
import { kubernetesName } from './kubernetes-name.js';
import { STANDALONE_FILES, standaloneFolder } from './standalone.js';

/** The image that the server runs in, by its version. */
const NODE_IMAGE = 'node:24.21.0-bookworm-slim';
export const PORT = 8080;
/** The user `node` of the image, as a number, so that Kubernetes can tell it is not root. */
export const USER = 1000;

/** The name and tag under which the image of a model is built and looked for. */
export function imageOf(name: string, version: number): string {
  return `${kubernetesName(name)}:${version}`;
}

/** @param encrypted whether the model asks for its passphrase. */
function dockerfile(name: string, version: number, encrypted: boolean): string {
  const label = JSON.stringify(name).replaceAll('$', '\\$');
  return `# syntax=docker/dockerfile:1
# Serves ${JSON.stringify(name)} version ${version}. Made by aimaas ${VERSION}.
#   docker build -t ${imageOf(name, version)} .
#   docker run --rm${encrypted ? ' -e AIMAAS_PASSPHRASE' : ''} -p 127.0.0.1:${PORT}:${PORT} ${imageOf(name, version)}

FROM ${NODE_IMAGE} AS install
WORKDIR /app
COPY server/package.json server/package-lock.json ./
# No scripts of packages are run. ONNX Runtime brings its libraries for every platform; one is kept.
RUN npm ci --ignore-scripts --omit=dev --no-audit --no-fund
RUN find node_modules/onnxruntime-node/bin -mindepth 3 -maxdepth 3 -type d ! -path "*/linux/$(node -p process.arch)" -exec rm -r {} +

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title=${label} org.opencontainers.image.version="${version}"
ENV NODE_ENV=production AIMAAS_SERVE_HOST=0.0.0.0 AIMAAS_SERVE_PORT=${PORT}
WORKDIR /app
COPY --from=install /app/node_modules ./node_modules
COPY server/server.cjs ./
COPY model ./model
USER ${USER}:${USER}
EXPOSE ${PORT}
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.AIMAAS_SERVE_PORT + '/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "server.cjs"]
# Whoever can reach the port may ask. For API keys, mount a file of them: docker run -v ./keys.json:/keys.json:ro … --keys-file /keys.json
CMD ["--insecure"]
`;
}

/** Nothing but what the Dockerfile copies is sent to the builder. */
const IGNORED = `*
!model
!server
`;

/** A folder to build an image of: Dockerfile, the server, and the whole bundle. */
export const docker: Deployer = {
  format: 'docker',
  summary: 'a folder to build a container image of',
  async write({ folder, manifest }, dir) {
    const server = await standaloneFolder();
    await mkdir(join(dir, 'server'));
    for (const file of STANDALONE_FILES) await copyFile(join(server, file), join(dir, 'server', file));
    await cp(folder, join(dir, 'model'), { recursive: true });
    await writeWhole(
      join(dir, 'Dockerfile'),
      dockerfile(manifest.name, manifest.version, manifest.encryption !== undefined),
    );
    await writeWhole(join(dir, '.dockerignore'), IGNORED);
    return `docker build -t ${imageOf(manifest.name, manifest.version)} .`;
  },
};
