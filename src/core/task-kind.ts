/** What is predicted: one of two classes, one of several, or a number. */
export const TASK_KINDS = ['binary', 'multiclass', 'regression'] as const;
export type TaskKind = (typeof TASK_KINDS)[number];
