/** batchSize → batch-size */
function kebab(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The option as typed on the command line: batchSize → --batch-size. */
export function flagOf(key: string): string {
  return `--${kebab(key)}`;
}

/** The option's name in aimaas.yaml: batchSize → batch_size. */
export function settingOf(key: string): string {
  return kebab(key).replaceAll('-', '_');
}

/** The environment variable of a command's option: train, batchSize → AIMAAS_TRAIN_BATCH_SIZE. */
export function variableOf(command: string, key: string): string {
  return `AIMAAS_${command.replaceAll(' ', '_')}_${settingOf(key)}`.toUpperCase();
}

/** The section of aimaas.yaml that holds a command's settings: "runs list" → runs_list. */
export function sectionOf(command: string): string {
  return command.replaceAll(' ', '_').replaceAll('-', '_');
}
