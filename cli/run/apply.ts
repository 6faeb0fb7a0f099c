/** Carries out a plan; loaded only when somebody asks for it. */
import { type ApplyDeps, type ApplyResult, carryOut } from '../../lib/app/apply-plan.ts';
import { checkManifest, groupFile, readPlan } from '../../lib/aws/plan-folder.ts';
import { RunFolder } from '../../lib/aws/run-folder.ts';
import { systemClock } from '../../lib/aws/system-clock.ts';
import { HoldfastError } from '../../lib/errors.ts';
import { formatInstant, type Instant, parseInstant } from '../../lib/lock/instant.ts';
import { type Engine, engineFor } from '../../lib/plan/engine.ts';
import { exceeded, SCHEDULED } from '../../lib/plan/guardrails.ts';
import { type Group, type Plan, type StoredPlan } from '../../lib/plan/plan.ts';
import { newRun, type Run } from '../../lib/runs/run.ts';
import { type Policy, STORE_MAXIMUM } from '../../lib/policy/compile.ts';
import { addPeriod, parsePeriod } from '../../lib/policy/period.ts';
import { latestOf } from '../../lib/policy/latest.ts';
import { type Listing } from '../../lib/ports/listing.ts';
import { applyProgress } from '../apply-progress.ts';
import { exitOf, failuresOf, sayResult, sayResultJson } from '../apply-text.ts';
import { confirm, mustBeConfirmable } from '../confirm.ts';
import { clientOf, openRecording, requireBucket } from '../control.ts';
import { type ControlOptions, recordingPlace } from '../control-options.ts';
import { engineOption } from '../engine-option.ts';
import { openJobs, type JobOptions } from '../job-options.ts';
import { openListing } from '../listing-options.ts';
import { openBrake } from '../open-brake.ts';
import { numberOption } from '../options.ts';
import { printError } from '../output.ts';
import { bytesText, count } from '../plan-text.ts';
import { deploymentCap, policyOption } from '../policy-file.ts';
import { type OpenStore, storeOn, type StoreOptions } from '../store-options.ts';

export interface ApplyOptions extends StoreOptions, ControlOptions, JobOptions {
  readonly policy?: string;
  readonly engine?: string;
  readonly maxVersions?: string;
  readonly maxCost?: string;
  readonly atOnce?: string;
  readonly yes?: true;
}

const AT_ONCE = 64;

export async function runApply(path: string, options: ApplyOptions): Promise<void> {
  recordingPlace(options);
  const stored = await readPlan(path);
  const { plan, folder } = stored;
  const policy = samePolicy(plan, options);
  const runs = new RunFolder(folder);
  const lock = await runs.hold();
  try {
    const earlier = await runs.read();
    refuseOther(earlier, plan, folder);
    await refuseStale(stored, earlier, options);
    const deps = await openDeps(stored, policy, runs, options);
    const run = earlier ?? (await begin(plan, deps, options));
    if (run.state === 'cancelled') throw cancelled(run);
    await refusePaused(run, plan, deps);
    const result = await carriedOut(plan, run, deps, options);
    const failures = await failuresOf(runs, plan, options.json === true ? 1_000 : 20);
    if (options.json === true) sayResultJson(result, failures);
    else sayResult(result, failures, earlier?.state === 'done');
    process.exitCode = exitOf(result);
  } finally {
    await lock.release();
  }
}

/** @throws HoldfastError `moved` where the policy is not the one that the plan was made by. */
function samePolicy({ policy: { hash, path, maximum } }: Plan, options: ApplyOptions): Policy {
  const file = options.policy ?? path;
  if (file === undefined) {
    throw new HoldfastError('bad-input', {
      what: 'the plan does not say where its policy lies',
      next: 'name it with --policy',
    });
  }
  refuseLowered(maximum);
  const policy = policyOption(file, maximum);
  if (policy.hash === hash) return policy;
  throw new HoldfastError('moved', {
    what: `policy changed: ${file} is not the one that the plan was made by`,
    next: 'plan again; nothing was written',
  });
}

/** The cap of the deployment may have been lowered since the plan was made. */
function refuseLowered(maximum: string | undefined): void {
  const { maximum: present } = deploymentCap(undefined);
  if (present === undefined || present === maximum) return;
  const now = systemClock.now();
  const isLower =
    addPeriod(now, parsePeriod(present)) < addPeriod(now, parsePeriod(maximum ?? STORE_MAXIMUM));
  if (!isLower) return;
  throw new HoldfastError('moved', {
    what: `the plan was made under a cap of ${maximum ?? STORE_MAXIMUM}, and HOLDFAST_MAXIMUM is ${present}`,
    next: 'plan again; nothing was written',
  });
}

/** What an earlier command left in the folder must be of this plan. */
function refuseOther(earlier: Run | undefined, plan: Plan, folder: string): void {
  if (earlier === undefined || (earlier.plan === plan.id && earlier.policy === plan.policy.hash)) return;
  throw new HoldfastError('moved', {
    what: `${folder}/run belongs to ${earlier.plan}, and the plan is ${plan.id}`,
    next: 'keep each plan in a folder of its own: plan again into a new one; nothing was written',
  });
}

/** A plan is carried out as it was shown: not by another list of versions, and not long after its listing. */
async function refuseStale(
  { plan, manifests, folder }: StoredPlan & { readonly folder: string },
  earlier: Run | undefined,
  options: ApplyOptions,
): Promise<void> {
  for (const { id, versions } of plan.groups) {
    const manifest = manifests[id];
    if (manifest?.rows !== versions) {
      throw new HoldfastError('moved', {
        what: `${folder}/plan.json was changed after it was made: it does not know the versions of ${id}`,
        next: 'make the plan anew with holdfast plan; nothing was written',
      });
    }
    await checkManifest(folder, id, manifest);
  }
  const now = systemClock.now();
  // A run that has begun may end, however long it takes: what goes to no job yet is then looked at one by one.
  if (earlier === undefined && parseInstant(plan.goodUntil) < now) {
    throw new HoldfastError('moved', {
      what: `${plan.id} was good until ${plan.goodUntil}: its listing is too old now`,
      next: 'plan again; nothing was written',
    });
  }
  const { kind, source, fingerprint } = plan.listing;
  if (earlier !== undefined || kind === 'list') return;
  const { from } = await openListing({
    ...options,
    ...(kind === 'keys' ? { keys: source } : { inventory: source }),
  });
  // What a file of keys names is known only when all of it has been looked up.
  if (kind === 'keys') await walk(from);
  if (from.fingerprint() === fingerprint) return;
  throw new HoldfastError('moved', {
    what: `listing changed: ${source} is not what the plan was made from`,
    next: 'plan again; nothing was written',
  });
}

async function walk(listing: Listing): Promise<void> {
  const batches = listing.batches()[Symbol.asyncIterator]();
  while ((await batches.next()).done !== true);
}

async function openDeps(
  { plan, folder, manifests }: StoredPlan & { readonly folder: string },
  policy: Policy,
  runs: RunFolder,
  options: ApplyOptions,
): Promise<ApplyDeps> {
  const client = clientOf(options);
  for (const bucket of new Set(plan.groups.map((group) => group.bucket)))
    await requireBucket(client, bucket, options);
  const open: OpenStore = storeOn(client, options);
  const recording = await openRecording(options);
  const latest = async (): Promise<Instant> => Promise.resolve(latestOf(policy, systemClock.now()));
  const jobs = openJobs(options, { ...recording, store: open.store, latest });
  return {
    ...recording,
    store: open.store,
    policy,
    brake: await openBrake(options),
    runs,
    most: numberOption('--at-once', options.atOnce, AT_ONCE, 1),
    fileOf: (group) => groupFile(folder, group),
    listedIn: (group) => manifests[group]?.sha256,
    ...(jobs && { jobs }),
  };
}

/** Makes the run of a plan, after everything that could stop it was asked. */
async function begin(plan: Plan, deps: ApplyDeps, options: ApplyOptions): Promise<Run> {
  refuseTooMuch(plan, options);
  const { newlyCompliance } = plan.changes;
  if (newlyCompliance.versions > 0) {
    mustBeConfirmable(options.yes === true);
    printError(
      `${count(newlyCompliance.versions)} versions, ${bytesText(newlyCompliance.bytes)}, come newly under COMPLIANCE, or for over 90 days longer.\nNobody can shorten that, remove it or delete what it locks: not you, not the owner of the account short of\nclosing it, not the provider. Storage is paid for until the locks end.`,
    );
    if (options.yes !== true) await confirm('Go on?');
  }
  return newRun(
    plan,
    { started: formatInstant(deps.clock.now()), by: deps.actor, state: 'approved', waitsFor: [] },
    enginesFrom(deps.jobs, options),
  );
}

/** Each group gets the engine that was asked for, or that there is. */
function enginesFrom(jobs: ApplyDeps['jobs'], { engine }: ApplyOptions): (group: Group) => Engine {
  const choice = engineOption(engine);
  const hasBatch = jobs !== undefined;
  if (choice === 'batch' && !hasBatch) {
    throw new HoldfastError('bad-input', {
      what: 'there are no bulk jobs here: they need AWS, a role, and a bucket for their lists and reports',
      next: 'name --batch-role and --config; with an endpoint of your own set AWS_ENDPOINT_URL_S3_CONTROL too, or leave --engine out',
    });
  }
  return (group) => {
    const asked =
      choice === undefined ? group.engine : engineFor(group.route, group.versions, { choice, hasBatch });
    const isWithoutFunction = asked === 'batch-function' && jobs?.functionArn === undefined;
    return hasBatch && !isWithoutFunction ? asked : 'direct';
  };
}

function refuseTooMuch(plan: Plan, { maxVersions, maxCost }: ApplyOptions): void {
  const rails = {
    versions: numberOption('--max-versions', maxVersions, SCHEDULED.versions),
    usd: numberOption('--max-cost', maxCost, SCHEDULED.usd),
    // Whoever types the command has seen the plan, and is asked about COMPLIANCE apart.
    share: 1,
    newlyCompliance: Number.POSITIVE_INFINITY,
  };
  const [first] = exceeded(plan, rails);
  if (first === undefined) return;
  const flag = first.what === 'usd' ? '--max-cost' : '--max-versions';
  throw new HoldfastError('needs-approval', {
    what: `${plan.id}: ${first.text}`,
    next: `allow it with ${flag} ${Math.ceil(first.found)}; nothing was written`,
  });
}

async function carriedOut(
  plan: Plan,
  run: Run,
  deps: ApplyDeps,
  { json }: ApplyOptions,
): Promise<ApplyResult> {
  const progress = applyProgress(json === true);
  const controller = new AbortController();
  const stop = (): void => {
    // Who presses it twice means it.
    if (controller.signal.aborted) process.exit(130);
    printError('\nstopping: what is under way ends first; press Ctrl-C again to stop at once');
    controller.abort();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    return await carryOut(plan, run, deps, progress.show, controller.signal);
  } finally {
    progress.clear();
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

/** Trying every version to hear each time that nothing may be written helps nobody; holds are placed all the same. */
async function refusePaused(run: Run, plan: Plan, { brake }: ApplyDeps): Promise<void> {
  const isOver = run.state === 'done';
  if (isOver || plan.groups.some(({ to }) => to === 'hold')) return;
  const why = await brake.pausedBecause();
  if (why === undefined) return;
  throw new HoldfastError('needs-approval', {
    what: `Holdfast is paused (${why}): nothing was written`,
    next: 'run holdfast resume first, then the same command again',
  });
}

function cancelled({ id }: Run): HoldfastError {
  return new HoldfastError('moved', {
    what: `${id} was cancelled`,
    next: 'plan again to begin anew: a plan is carried out once',
  });
}
