/** Makes a plan; loaded only when somebody asks for it. */
import { resolve } from 'node:path';
import { type Pass, type PassOptions, passOver, type Reads } from '../../lib/app/plan-changes.ts';
import { sampleChanges } from '../../lib/app/sample-changes.ts';
import { PlanWriter, sha256 } from '../../lib/aws/plan-folder.ts';
import { HoldfastError } from '../../lib/errors.ts';
import { formatInstant } from '../../lib/lock/instant.ts';
import { makePlan } from '../../lib/plan/make-plan.ts';
import { type Plan } from '../../lib/plan/plan.ts';
import { AWS_PRICES, costOf, NO_WORK } from '../../lib/plan/price.ts';
import { parsePeriod, shortestLength } from '../../lib/policy/period.ts';
import { type Policy } from '../../lib/policy/compile.ts';
import { confirm } from '../confirm.ts';
import { engineOption } from '../engine-option.ts';
import {
  goodUntil,
  type ListingOptions,
  openListing,
  type OpenListing,
  unreadableShare,
} from '../listing-options.ts';
import { numberOption } from '../options.ts';
import { print, printError, printJson } from '../output.ts';
import { passProgress } from '../pass-progress.ts';
import { count, sayPlan } from '../plan-text.ts';
import { saySample } from '../sample-text.ts';
import { deploymentCap, policyOption } from '../policy-file.ts';
import { providerOf } from '../provider.ts';

export interface PlanCommandOptions extends ListingOptions {
  readonly policy: string;
  readonly out?: string;
  readonly tolerance?: string;
  readonly sample?: string;
  readonly engine?: string;
  readonly maxReadCost?: string;
}

const MOST_TOLERANCE = 90 * 86_400_000;

export async function runPlan(options: PlanCommandOptions): Promise<void> {
  const policy = policyOption(options.policy, options.maximum);
  const choice = engineOption(options.engine) ?? 'auto';
  const tolerance = toleranceOption(options.tolerance);
  const open = await openListing(options);
  const until = goodUntil(open.from, policy.settings, options.maxAge);
  if (options.sample !== undefined) {
    await runSample(open, policy, options);
    return;
  }
  const writer = options.out === undefined ? undefined : await PlanWriter.begin(options.out);
  try {
    const pass = await wholePass(open, policy, tolerance, options, writer);
    const { plan, assignment } = makePlan(pass.tally, {
      policy: { hash: policy.hash, path: resolve(options.policy), ...deploymentCap(options.maximum) },
      listing: {
        kind: open.from.kind,
        source: sourceOf(open.from),
        asOf: formatInstant(open.from.asOf),
        fingerprint: open.from.fingerprint(),
      },
      goodUntil: until,
      prices: AWS_PRICES,
      choice,
      hasBatch: providerOf(options).name === 'aws',
      hash: sha256,
    });
    await writer?.finish(plan, assignment);
    say(plan, pass, options);
    const unseen = plan.staysWrong.filter(
      ({ reason }) => reason === 'lock-not-seen' || reason === 'undecided',
    );
    if (unseen.length > 0) process.exitCode = 4;
  } catch (cause) {
    await writer?.abandon();
    throw cause;
  }
}

/** Looks at some versions only, and says what that tells of all. */
async function runSample(open: OpenListing, policy: Policy, options: PlanCommandOptions): Promise<void> {
  if (options.out !== undefined) {
    throw new HoldfastError('bad-input', {
      what: 'a sample is no plan, so there is nothing to keep',
      next: 'leave --out or --sample out',
    });
  }
  const progress = passProgress('sampling');
  try {
    const result = await sampleChanges({
      listing: open.from,
      policy,
      size: Math.ceil(numberOption('--sample', options.sample, 0, 1)),
      ...(options.prefix !== undefined && { prefix: options.prefix }),
      store: open.store,
      random: Math.random,
      onProgress: progress.show,
    });
    progress.clear();
    if (options.json === true) printJson(result);
    else saySample(result);
  } finally {
    progress.clear();
  }
}

/** A first pass finds what would have to be read; only where there is something, a second one reads it. */
async function wholePass(
  open: OpenListing,
  policy: Policy,
  tolerance: number,
  options: PlanCommandOptions,
  writer: PlanWriter | undefined,
): Promise<Pass> {
  const base = {
    listing: open.from,
    policy,
    tolerance,
    unreadableShare: unreadableShare(options.unreadable),
    ...(options.prefix !== undefined && { prefix: options.prefix }),
  };
  // Where locks and tags are told, one pass does it all, and writes as it goes.
  const first = await shown('looking', open.from.tellsLocks ? { ...base, ...writing(writer) } : base);
  const { locks, tags, current } = first.reads;
  if (locks + tags + current === 0)
    return open.from.tellsLocks ? first : shown('planning', { ...base, ...writing(writer) });
  await announce(first.reads, options);
  await writer?.restart();
  return shown('reading', { ...base, ...writing(writer) }, open.store);
}

function writing(writer: PlanWriter | undefined): Pick<PassOptions, 'onChange' | 'drained'> {
  if (writer === undefined) return {};
  return {
    onChange: (row, change, place) => {
      writer.add(row, change, place);
    },
    drained: async () => writer.drained(),
  };
}

async function shown(what: string, pass: PassOptions, store?: OpenListing['store']): Promise<Pass> {
  const progress = passProgress(what);
  try {
    return await passOver({ ...pass, onProgress: progress.show }, store);
  } finally {
    progress.clear();
  }
}

/** Says what reading costs before it begins, and asks where that is much. */
async function announce(
  { locks, tags, current }: Reads,
  { maxReadCost, json }: PlanCommandOptions,
): Promise<void> {
  const gets = locks + tags + current;
  const usd = costOf({ ...NO_WORK, gets }, AWS_PRICES);
  const parts = [
    ...(locks > 0 ? [`${count(locks)} locks`] : []),
    ...(tags > 0 ? [`the tags of ${count(tags)} versions`] : []),
    ...(current > 0 ? [`whether ${count(current)} versions are current`] : []),
  ];
  const text = `The listing does not tell ${parts.join(' and ')}: reading them takes about ${count(gets)} requests, $${usd.toFixed(2)}`;
  if (json !== true) printError(text);
  const limit = numberOption('--max-read-cost', maxReadCost, 5);
  if (usd <= limit) return;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new HoldfastError('bad-input', {
      what: `${text}, which is more than $${limit}`,
      next: `allow it with --max-read-cost ${Math.ceil(usd)}, plan from an inventory, or narrow it with --prefix`,
    });
  }
  await confirm('Read them?');
}

function say(plan: Plan, { gone, unreadable }: Pass, { json, out }: PlanCommandOptions): void {
  if (json === true) {
    printJson({ ...plan, gone, unreadable, ...(out !== undefined && { folder: out }) });
    return;
  }
  sayPlan(plan);
  for (const { where, why } of unreadable.slice(0, 5)) printError(`could not be read: ${where}: ${why}`);
  if (gone > 0) print(`${count(gone)} listed versions are not there any more`);
  print();
  print(
    out === undefined
      ? 'Nothing was changed. Keep the plan with --out to apply it.'
      : `Nothing was changed. Apply it with: holdfast apply ${out} --audit BUCKET (or --audit-folder FOLDER)`,
  );
}

/** Nobody means to keep a lock for years longer than its rule says. */
function toleranceOption(text = 'P1D'): number {
  const tolerance = shortestLength(parsePeriod(text));
  if (tolerance <= MOST_TOLERANCE) return tolerance;
  throw new HoldfastError('bad-input', {
    what: `--tolerance cannot be ${text}: locks would end that much later than their rules say`,
    next: 'write P90D at most',
  });
}

/** A file is named from the root, so that the plan can be applied from another folder. */
function sourceOf({ source, kind }: OpenListing['from']): string {
  return kind === 'list' || source.startsWith('s3://') ? source : resolve(source);
}
