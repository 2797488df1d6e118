/** Everything that decides the course of a run once its data and network are fixed. */
export interface TrainingPlan {
  readonly seed: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly stepsPerEpoch: number;
  readonly learningRate: number;
  readonly warmup: number;
  readonly schedule: string;
  readonly weightDecay: number;
  readonly dropout: number;
  /** Part of the run after which weight decay and dropout fade out; 1 for never. */
  readonly fadeFrom: number;
  /** How much of the running average of the weights stays in a step; 0 for no average (the last weights answer). */
  readonly average: number;
  /** Epochs between two validations. */
  readonly evaluateEvery: number;
  /** Epochs without improvement after which the run ends; undefined for never. */
  readonly patience: number | undefined;
}

/** One line of metrics.jsonl: an epoch after which the model was validated. */
export type EpochRecord = {
  readonly epoch: number;
  readonly step: number;
  readonly learningRate: number;
  /** Mean training loss of the steps since the last record. */
  readonly loss: number;
  /** Mean over members of the log loss or mean squared error on the rows a member does not learn from; null without such rows. */
  readonly validationLoss: number | null;
  /** Seconds since the run began, interruptions not counted. */
  readonly seconds: number;
};
