/** The module that a worker process runs. scripts/standalone.mjs puts the one file of the standalone program in its place. */
export const WORKER_ENTRY = new URL('./worker-main.js', import.meta.url);
