import type { AnyCommand } from '../cli/registry.js';

/**
 * A command of the pipeline that keeps how it was done, for `status` and `run`. An invocation of its own kind (with
 * options that no settings file may have, such as --resume or --data) is not how the project is done, so it is not kept.
 */
export function recorded(command: AnyCommand): AnyCommand {
  return {
    ...command,
    async run(args, options, context) {
      const result = await command.run(args, options, context);
      const { isPipelineStep, recordStep } = await import('../steps/pipeline-record.js');
      const kept = Object.fromEntries(Object.entries(options).filter(([key]) => key !== 'force'));
      const isOwnKind = Object.keys(kept).some((key) => command.options[key]?.commandLineOnly === true);
      if (result !== null && !isOwnKind && isPipelineStep(command.name)) {
        const { settingsAsJson } = await import('../steps/status.js');
        await recordStep(context, command.name, settingsAsJson({ args, options: kept }));
      }
      return result;
    },
  };
}
