/** Process exit codes that scripts may rely on. */
export const EXIT = {
  ok: 0,
  bug: 1,
  usage: 2,
  data: 3,
  artifact: 4,
  threshold: 5,
  interrupted: 130,
} as const;

/**
 * Every error code a user can meet, with its exit code and what it means. docs/errors.md is this table in prose; a
 * test holds the two equal.
 */
export const ERROR_CODES = {
  USAGE: { exit: EXIT.usage, meaning: 'An option, argument or option value is not what the command takes.' },
  CONFIG: { exit: EXIT.usage, meaning: 'aimaas.yaml (or --config) has values that do not fit its schema.' },
  UNSUPPORTED: {
    exit: EXIT.usage,
    meaning: 'What was asked for cannot be done with this model, data or engine.',
  },
  MODEL_FILE: {
    exit: EXIT.usage,
    meaning:
      'A model file (--model FILE) cannot be used: its code fails, or its model does not fit the data.',
  },
  SOURCE_NOT_FOUND: { exit: EXIT.data, meaning: 'A data source does not exist or cannot be reached.' },
  SOURCE_FORMAT: { exit: EXIT.data, meaning: 'A data source is not in the format it claims to be in.' },
  BAD_ROW: {
    exit: EXIT.data,
    meaning: 'A row of the data cannot be read; the message names file, line and column.',
  },
  COLUMN_NOT_FOUND: {
    exit: EXIT.data,
    meaning: 'A column that was named, or that the model needs, is not in the data.',
  },
  COLUMN_VALUE: { exit: EXIT.data, meaning: 'A column holds a value that its kind does not allow.' },
  TARGET: {
    exit: EXIT.data,
    meaning: 'The target column cannot be learned: absent, constant, or of the wrong kind.',
  },
  TOO_FEW_ROWS: { exit: EXIT.data, meaning: 'There are not enough rows for what was asked.' },
  TRAINING_DIVERGED: { exit: EXIT.data, meaning: 'The loss became NaN or infinite during training.' },
  ARTIFACT_NOT_FOUND: {
    exit: EXIT.artifact,
    meaning: 'A data set, feature set, run or model is not in the workspace.',
  },
  ARTIFACT_CORRUPT: {
    exit: EXIT.artifact,
    meaning: 'A file in the workspace is damaged or does not match its hash.',
  },
  ARTIFACT_INCOMPATIBLE: {
    exit: EXIT.artifact,
    meaning: 'An artifact was written by an incompatible version or for other data.',
  },
  ARTIFACT_UNTRUSTED: {
    exit: EXIT.artifact,
    meaning:
      'The signature of an exported model is wrong, or is missing or by another key where one is required.',
  },
  ARTIFACT_ENCRYPTED: {
    exit: EXIT.artifact,
    meaning: 'An exported model is encrypted, and its key or passphrase was not given or is another.',
  },
  ARTIFACT_IN_USE: {
    exit: EXIT.artifact,
    meaning: 'Another process is writing the same artifact, or an alias still needs it.',
  },
  ENGINE_UNAVAILABLE: {
    exit: EXIT.artifact,
    meaning: 'The requested engine or device cannot run on this machine.',
  },
  EXPORT_MISMATCH: {
    exit: EXIT.artifact,
    meaning: 'An exported model does not reproduce the original predictions.',
  },
  STORAGE: {
    exit: EXIT.artifact,
    meaning: 'The workspace cannot be read or written (permissions, disk full).',
  },
  THRESHOLD: { exit: EXIT.threshold, meaning: 'The command ran, but a --fail-under threshold is not met.' },
  INTERRUPTED: { exit: EXIT.interrupted, meaning: 'The command was interrupted by a signal.' },
  INTERNAL: { exit: EXIT.bug, meaning: 'A bug in aimaas. Please report it with the output of --debug.' },
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;
