/**
 * Plans a bucket by many functions at once: one counts each file of an inventory, one puts the counts together.
 *
 * What each has counted is an object under a name of its own, so that the objects that are there are the counter: a
 * message that comes twice writes the same object again, and one that is lost leaves a gap that the next look finds.
 */
import * as z from 'zod';
import { formatInstant, parseInstant } from '../lock/instant.ts';
import { type EngineChoice } from '../plan/engine.ts';
import { type PlannedChange } from '../plan/difference.ts';
import { type Guardrails, exceeded } from '../plan/guardrails.ts';
import { type Assignment } from '../plan/groups.ts';
import { makePlan } from '../plan/make-plan.ts';
import { type Plan } from '../plan/plan.ts';
import { AWS_PRICES } from '../plan/price.ts';
import { type PlanRow } from '../plan/row.ts';
import { tallyFromJson, tallyToJson } from '../plan/tally-json.ts';
import { type Place, Tally } from '../plan/tally.ts';
import { type Policy } from '../policy/compile.ts';
import { addPeriod, type Period } from '../policy/period.ts';
import { type BulkStore } from '../ports/bulk-store.ts';
import { type Documents } from '../ports/documents.ts';
import { type Listing } from '../ports/listing.ts';
import { type LockStore } from '../ports/lock-store.ts';
import { type WorkQueue } from '../ports/work-queue.ts';
import { newRun, type Run } from '../runs/run.ts';
import { activate, activeRuns, deactivate, getRun, putRun } from './bulk-runs.ts';
import { passOver } from './plan-changes.ts';
import { type PolicySource } from './policy-source.ts';
import { recordDeed } from './record-deed.ts';
import { type RecordDeps } from './record-deps.ts';

/** An inventory, as a function finds it. */
export interface FoundInventory {
  /** Its manifest. */
  readonly bucket: string;
  readonly key: string;
  /** SHA-256 of the manifest, hex. */
  readonly hash: string;
  readonly created: string;
  readonly files: number;
}

const startSchema = z.object({
  plan: z.string().regex(/^p-[0-9a-f]{16}$/),
  manifest: z.object({ bucket: z.string(), key: z.string() }),
  hash: z.string(),
  created: z.string(),
  parts: z.number().int().nonnegative(),
  policy: z.string(),
  tolerance: z.number().nonnegative(),
  started: z.string(),
});

/** What is planned: written once, before the first message goes out. */
export type PlanStart = z.infer<typeof startSchema>;

export const messageSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('count'), plan: z.string(), part: z.number().int().nonnegative() }),
  z.object({ kind: z.literal('assemble'), plan: z.string() }),
]);

export type PlanMessage = z.infer<typeof messageSchema>;

/** Keeps the changes of one file until they are stored. */
export interface ChangeSpool {
  add(row: PlanRow, change: PlannedChange, place: Place): void;
  drained(): Promise<void>;
  /** Stores all of them under a name. */
  store(name: string): Promise<void>;
  /** Gives back what it took of this machine, whatever came of it. */
  close(): Promise<void>;
}

/** Sorts changes into the manifests of groups. */
export interface Assembly {
  addLines(lines: AsyncIterable<string>): Promise<void>;
  /** Stores the plan with its manifests under a prefix. */
  store(plan: Plan, assignment: Assignment, prefix: string): Promise<{ readonly seal: string }>;
  /** Gives back what it took of this machine, whatever came of it. */
  close(): Promise<void>;
}

export interface BulkPlanDeps extends RecordDeps {
  readonly documents: Documents;
  readonly bulk: BulkStore;
  readonly policies: PolicySource;
  readonly queue: WorkQueue;
  readonly store: LockStore;
  /** The files of an inventory that was found, one or all. */
  readonly open: (start: PlanStart, part: number) => Promise<Listing>;
  readonly spool: () => Promise<ChangeSpool>;
  readonly assembly: () => Promise<Assembly>;
  readonly rails: Guardrails;
  /** By how much a lock may end later than its rule asks (milliseconds). */
  readonly tolerance: number;
  readonly hasBatch: boolean;
  readonly choice: EngineChoice;
  readonly hash: (text: string) => string;
  /** How the deployment reads policies: its cap, and what rules do that do not say. */
  readonly reading: string;
}

/** The share of rows that may be unreadable, as in the command. */
const UNREADABLE = 0.001;

/**
 * Begins to plan from an inventory, or goes on where messages were lost; one inventory and one policy make one plan.
 *
 * @returns how many files were still to be counted.
 */
export async function startPlan(
  inventory: FoundInventory,
  deps: BulkPlanDeps,
): Promise<{ plan: string; sent: number }> {
  const policy = await deps.policies.current();
  const { bucket, key, hash, created, files } = inventory;
  const plan = `p-${deps.hash(`${hash}\n${policy.hash}\n${deps.reading}\n${deps.tolerance}`).slice(0, 16)}`;
  const start: PlanStart = {
    plan,
    manifest: { bucket, key },
    ...{ hash, created, parts: files, policy: policy.hash, tolerance: deps.tolerance },
    started: formatInstant(deps.clock.now()),
  };
  if ((await deps.documents.get(`plans/${plan}/plan.json`)) !== undefined) return { plan, sent: 0 };
  await deps.documents.put(`plans/${plan}/start.json`, JSON.stringify(start), 'none');
  const counted = await countedParts(plan, deps);
  const messages: PlanMessage[] = [];
  for (let part = 0; part < files; part += 1)
    if (!counted.has(part)) messages.push({ kind: 'count', plan, part });
  if (messages.length === 0) messages.push({ kind: 'assemble', plan });
  await deps.queue.send(messages.map((message) => JSON.stringify(message)));
  return { plan, sent: messages.length };
}

/** Answers one message; doing it twice does it once. */
export async function handlePlanMessage(message: PlanMessage, deps: BulkPlanDeps): Promise<Run | undefined> {
  const document = await deps.documents.get(`plans/${message.plan}/start.json`);
  if (document === undefined) return undefined;
  const start = startSchema.parse(JSON.parse(document.body));
  const policy = await deps.policies.current();
  // The policy has moved on: the next schedule plans by the new one (law 9).
  if (policy.hash !== start.policy) return undefined;
  // Asked once: what is counted and named by two policies would be neither's.
  if (message.kind === 'assemble') return assemble(start, policy, deps);
  await countPart(start, message.part, policy, deps);
  const counted = await countedParts(start.plan, deps);
  if (counted.size >= start.parts)
    await deps.queue.send([JSON.stringify({ kind: 'assemble', plan: start.plan } satisfies PlanMessage)]);
  return undefined;
}

const countSchema = z.object({ changes: z.string(), tally: z.string() });

/**
 * Counts one file. Its changes are stored before its count: who finds the count finds them. Two who count it at once
 * may read tags and locks at different moments, so each has a name of its own for its changes, and one count counts.
 */
async function countPart(start: PlanStart, part: number, policy: Policy, deps: BulkPlanDeps): Promise<void> {
  const name = partName(start.plan, part);
  if ((await deps.documents.get(name)) !== undefined) return;
  const spool = await deps.spool();
  try {
    const pass = await passOver(
      {
        listing: await deps.open(start, part),
        policy,
        tolerance: start.tolerance,
        unreadableShare: UNREADABLE,
        onChange: (row, change, place) => {
          spool.add(row, change, place);
        },
        drained: async () => spool.drained(),
      },
      deps.store,
    );
    const changes = `plans/${start.plan}/changes/${part}-${deps.newId()}.csv`;
    await spool.store(changes);
    const count: z.infer<typeof countSchema> = { changes, tally: tallyToJson(pass.tally) };
    await deps.documents.put(name, JSON.stringify(count), 'none');
  } finally {
    await spool.close();
  }
}

/** Puts the counts together; the same counts make the same plan, however often it is done. */
async function assemble(start: PlanStart, policy: Policy, deps: BulkPlanDeps): Promise<Run | undefined> {
  const { plan: id, parts } = start;
  const whole = new Tally(start.tolerance);
  const changes: string[] = [];
  for (let part = 0; part < parts; part += 1) {
    const document = await deps.documents.get(partName(id, part));
    if (document === undefined) return undefined;
    const count = countSchema.parse(JSON.parse(document.body));
    whole.merge(tallyFromJson(count.tally));
    changes.push(count.changes);
  }
  const created = parseInstant(start.created);
  const { plan, assignment } = makePlan(whole, {
    policy: { hash: policy.hash },
    listing: {
      kind: 'inventory',
      source: `s3://${start.manifest.bucket}/${start.manifest.key}`,
      asOf: start.created,
      fingerprint: start.hash,
    },
    goodUntil: policy.settings.horizon.reduce((until, period: Period) => addPeriod(until, period), created),
    prices: AWS_PRICES,
    choice: deps.choice,
    hasBatch: deps.hasBatch,
    hash: deps.hash,
  });
  const assembly = await deps.assembly();
  try {
    for (const name of changes) await assembly.addLines(deps.bulk.lines(name));
    const { seal } = await assembly.store(plan, assignment, `plans/${id}`);
    return await beginRun(plan, `plans/${id}`, seal, deps);
  } finally {
    await assembly.close();
  }
}

/** A plan inside the guardrails goes ahead; any other waits for somebody to approve it. */
async function beginRun(
  plan: Plan,
  folder: string,
  seal: string,
  deps: BulkPlanDeps,
): Promise<Run | undefined> {
  if (plan.groups.length === 0) {
    await recordPlanned(plan, deps);
    return undefined;
  }
  const waitsFor = exceeded(plan, deps.rails).map(({ text }) => text);
  const state = waitsFor.length > 0 ? 'waiting' : 'approved';
  const run: Run = {
    ...newRun(plan, { started: formatInstant(deps.clock.now()), by: deps.actor, state, waitsFor }),
    ...{ folder, seal, reading: deps.reading },
  };
  const isNew = (await putRun(run, 'none', deps.documents)) !== undefined;
  // When this message comes a second time the run is there already; who made it may not have lived to list it.
  if (!isNew && (await isOver(run.id, deps))) return undefined;
  await activate(run.id, deps.documents);
  if (!isNew) return undefined;
  await recordPlanned(plan, deps);
  await supersede(run, deps);
  if (state === 'waiting') {
    const detail = `${run.id} waits for approval: ${waitsFor.join('; ')}`;
    await recordDeed({ action: 'run-waits', policy: plan.policy.hash, cause: run.id, detail }, deps);
  }
  return run;
}

/** An older run of the same inventory that still waits is asked about no more: this one knows more. */
async function supersede(run: Run, deps: BulkPlanDeps): Promise<void> {
  for (const id of await activeRuns(deps.documents)) {
    const held = id === run.id ? undefined : await getRun(id, deps.documents);
    if (held?.run.state !== 'waiting' || placeOf(held.run) !== placeOf(run)) continue;
    const cancelledAt = formatInstant(deps.clock.now());
    const changed = await putRun({ ...held.run, state: 'cancelled', cancelledAt }, held, deps.documents);
    if (changed === undefined) continue;
    await deactivate(id, deps.documents);
    const detail = `${id}: ${run.id} was planned from a newer report`;
    await recordDeed({ action: 'run-cancelled', policy: held.run.policy, cause: id, detail }, deps);
  }
}

/** The configuration that wrote a report: its dated folders lie side by side. */
function placeOf({ source }: Run): string {
  return source.replace(/[^/]+\/manifest\.json$/, '');
}

/** What was found, of what stays wrong too: a plan that changes nothing leaves no run. */
async function recordPlanned(plan: Plan, deps: BulkPlanDeps): Promise<void> {
  const { changes, totals, staysWrong } = plan;
  const wrong = staysWrong.reduce((sum, { versions }) => sum + versions, 0);
  const found = `${plan.id} from ${plan.listing.source}: ${changes.versions} of ${totals.rows} versions to change, ${wrong} stay wrong, ${totals.unreadable} could not be read`;
  await recordDeed({ action: 'planned', policy: plan.policy.hash, cause: plan.id, detail: found }, deps);
}

async function isOver(id: string, { documents }: BulkPlanDeps): Promise<boolean> {
  const state = (await getRun(id, documents))?.run.state;
  return state === 'done' || state === 'partly-failed' || state === 'cancelled';
}

async function countedParts(
  plan: string,
  { bulk }: Pick<BulkPlanDeps, 'bulk'>,
): Promise<ReadonlySet<number>> {
  const counted = new Set<number>();
  const prefix = `plans/${plan}/counts/`;
  for await (const name of bulk.list(prefix)) {
    const part = /^(\d+)\.json$/.exec(name.slice(prefix.length))?.[1];
    if (part !== undefined) counted.add(Number(part));
  }
  return counted;
}

function partName(plan: string, part: number): string {
  return `plans/${plan}/counts/${part}.json`;
}
