/** How the requests of a model that leave the version to the server are split and copied. Plain data. */
export type TrafficRule = {
  readonly name: string;
  /** null: all of them go to the default version. */
  readonly canary: CanaryRule | null;
  /** The version that gets copies of what the default version answers: penguins/4, penguins@next. null: none does. */
  readonly shadow: string | null;
};

export type CanaryRule = {
  /** penguins/4 or penguins@next, which is followed. */
  readonly reference: string;
  /** Part of the requests, from 0 to 1. */
  readonly weight: number;
  /** Requests with the same value of this header get the same version. null: every request is drawn by itself. */
  readonly header: string | null;
};

/** What came of the requests that one version answered while there was a canary. */
export type ArmCounts = {
  readonly version: number | null;
  requests: number;
  rows: number;
  failures: number;
  /** Sum over requests, from their rows to the answers. */
  seconds: number;
};

/** How the answers of a shadow compare with those that clients got. */
export type ShadowCounts = {
  readonly live: number | null;
  readonly shadow: number | null;
  requests: number;
  rows: number;
  /** Rows with the same class; of regression, with values that differ by less than one part in a million. */
  agreements: number;
  /** Sum of the absolute differences of values, or of all probabilities of a row divided by their number. */
  absoluteDifference: number;
  /** Copies that the shadow could not answer. */
  failures: number;
  /** Copies that were not made because too many waited. */
  dropped: number;
  /** Sums over requests. */
  liveSeconds: number;
  shadowSeconds: number;
};

/** A rule and what came of it, in all processes together. */
export type TrafficReport = {
  readonly rule: TrafficRule;
  readonly arms: readonly ArmCounts[];
  readonly shadows: readonly ShadowCounts[];
};

/** What one process counted, by model name. */
export type TrafficCounts = {
  readonly arms: Readonly<Record<string, readonly ArmCounts[]>>;
  readonly shadows: Readonly<Record<string, readonly ShadowCounts[]>>;
};

/** Tells and changes the rules while serving. */
export interface TrafficControl {
  reports(): Promise<readonly TrafficReport[]>;
  /**
   * Follows a rule in the place of the one for its model; one without canary and shadow ends it.
   * @throws RequestError 404 when the model is not served, 400 when a version is of another model or none, 409 when it
   * cannot be loaded; then the rule before stays.
   */
  setRule(rule: TrafficRule): Promise<void>;
}

/** Whether a text can be the name of a header (RFC 9110, 5.6.2). */
export function isHeaderName(text: string): boolean {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(text);
}
