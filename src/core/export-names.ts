/**
 * Names that --format of export takes. Here, where the command line and an export that is up to date find them without
 * loading what writes the files; the exporters are typed by these lists, so that neither has a name the other lacks.
 */

/** In the order they are written by default. */
export const EXPORT_FORMATS = ['onnx', 'tfjs', 'saved-model'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Ways to run a bundle elsewhere; made only when asked for. */
export const DEPLOYMENT_FORMATS = ['docker', 'kubernetes', 'executable'] as const;
export type DeploymentFormat = (typeof DEPLOYMENT_FORMATS)[number];
