/** A run: a plan being carried out, as it is kept between one command and the next. */
import * as z from 'zod';
import { type Engine } from '../plan/engine.ts';
import { type Group, type Plan } from '../plan/plan.ts';

const count = z.number().int().nonnegative();

const groupSchema = z.object({
  engine: z.enum(['batch', 'batch-function', 'direct']),
  state: z.enum(['todo', 'job', 'direct', 'done']),
  versions: count,
  /** How often a job was asked for; its token depends on it. */
  attempt: count,
  jobId: z.string().optional(),
  /** Versions that ended by the job, as its report says. */
  byJob: count,
  /** Why the job did not do it all. */
  jobTrouble: z.string().optional(),
  /** Pieces that were sent to functions. */
  chunks: count.optional(),
  sentAt: z.string().optional(),
  /** How often its pieces were sent before. */
  sending: count.optional(),
  /** Versions that did not end as planned, by the word of those functions. */
  failed: count.optional(),
  /** Versions that did, where the journal tells. */
  succeeded: count.optional(),
});

export const runSchema = z.object({
  version: z.literal(1),
  id: z.string().regex(/^run-[0-9a-f]{16}$/),
  plan: z.string(),
  policy: z.string(),
  source: z.string(),
  started: z.string(),
  by: z.string(),
  state: z.enum(['waiting', 'approved', 'running', 'done', 'partly-failed', 'cancelled']),
  /** Which guardrails the plan exceeds, in words. */
  waitsFor: z.array(z.string()),
  approvedBy: z.string().optional(),
  ended: z.string().optional(),
  /** How the deployment read the policy: its cap, and what rules do that do not say. */
  reading: z.string().optional(),
  /** The seal of its plan: what was approved, lists and all. */
  seal: z.string().optional(),
  cancelledAt: z.string().optional(),
  /** Where its plan lies, in a deployment. */
  folder: z.string().optional(),
  groups: z.record(z.string(), groupSchema),
});

export type Run = z.infer<typeof runSchema>;
export type GroupRun = z.infer<typeof groupSchema>;

/** A plan is carried out once: its run has its name. */
function runIdOf({ id }: Pick<Plan, 'id'>): string {
  return id.replace(/^plan-/, 'run-');
}

/**
 * A run that has not begun.
 *
 * @param engineOf - who carries out a group; whoever the plan names when left out.
 */
export function newRun(
  plan: Plan,
  more: Pick<Run, 'started' | 'by' | 'state' | 'waitsFor'>,
  engineOf: (group: Group) => Engine = ({ engine }) => engine,
): Run {
  return {
    version: 1,
    id: runIdOf(plan),
    plan: plan.id,
    policy: plan.policy.hash,
    source: plan.listing.source,
    ...more,
    groups: Object.fromEntries(
      plan.groups.map((group) => [
        group.id,
        { engine: engineOf(group), state: 'todo' as const, versions: group.versions, attempt: 0, byJob: 0 },
      ]),
    ),
  };
}

/** The run with one group changed. */
export function withGroup(run: Run, id: string, change: Partial<GroupRun>): Run {
  const group = run.groups[id];
  return group === undefined ? run : { ...run, groups: { ...run.groups, [id]: { ...group, ...change } } };
}

export function isRunOver({ state }: Pick<Run, 'state'>): boolean {
  return state === 'done' || state === 'partly-failed' || state === 'cancelled';
}
