import type { Plan, Target } from '../plan.js';
import type { LoadProblem, RepositoryEntry } from '../repository.js';
import type { TrafficCounts, TrafficReport, TrafficRule } from '../traffic/rule.js';
import { topic } from './bus.js';

/** What the processes of a server ask each other. Parts of the server that need more have their own topics. */

/** Coordinator to members: opens and warms a model version. */
export const LOAD_MODEL = topic<Target, null>('models.load');
/** Coordinator to members: serves exactly this from now on. */
export const SHOW_MODELS = topic<Plan, null>('models.show');

/** Members to coordinator: see ModelRepository. */
export const REPOSITORY_INDEX = topic<null, readonly RepositoryEntry[]>('repository.index');
export const REPOSITORY_PROBLEMS = topic<null, readonly LoadProblem[]>('repository.problems');
export const REPOSITORY_LOAD = topic<RepositoryChange, null>('repository.load');
export const REPOSITORY_UNLOAD = topic<RepositoryChange, null>('repository.unload');

export type RepositoryChange = { readonly name: string; readonly version: number | null };

/** Coordinator to members: what came of the traffic rules. */
export const READ_TRAFFIC = topic<null, TrafficCounts>('traffic.read');
/** Members to coordinator: see TrafficControl. */
export const TRAFFIC_REPORTS = topic<null, readonly TrafficReport[]>('traffic.reports');
export const SET_TRAFFIC = topic<TrafficRule, null>('traffic.set');

/** Coordinator to members: the metrics of the process, as prom-client gives them as JSON. */
export const READ_METRICS = topic<null, readonly object[]>('metrics.read');
/** Members to coordinator: the metrics of all processes together, as text. */
export const ALL_METRICS = topic<null, string>('metrics.all');
