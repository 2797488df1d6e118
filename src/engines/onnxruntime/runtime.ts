import type * as ort from 'onnxruntime-node';

export type OrtModule = typeof ort;

/**
 * Loads ONNX Runtime, the only place that does. Its packages since 1.30 report how they are used to their makers, keep a
 * device id and write logs into the temporary folder, unless this variable says otherwise when the library is loaded. Data
 * and models are nobody else's business: it says so, where the user has not said anything.
 */
export async function importOnnxRuntime(): Promise<OrtModule> {
  process.env['ORT_DISABLE_TELEMETRY'] ??= '1';
  const module = (await import('onnxruntime-node')) as OrtModule & { default?: OrtModule };
  return module.default ?? module;
}
