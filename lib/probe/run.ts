/** The order of the experiments, and what their ends mean. */
import { HoldfastError } from '../errors.ts';
import {
  answerText,
  type Check,
  checkOf,
  type Experiment,
  type Finding,
  found,
  type Gravity,
  notTried,
} from './check.ts';
import { Interfered, type Lab, RefusedUpload, type Stranger } from './lab.ts';
import { BUCKET_MUST_STAY, MUST_FAIL } from './must-fail.ts';
import { DEFAULT_RULE, EXPIRED, FAR_DATE, MUST_WORK, requireDeletion } from './must-work.ts';
import { strangerExperiments } from './strangers.ts';
import { judge, NO_OBJECT_LOCK, type Verdict } from './verdict.ts';

export interface ProbeOptions {
  readonly stranger?: Stranger | undefined;
  /** Whether a version may be left locked for 99 years. */
  readonly farDates: boolean;
  /** Told of every check as soon as it is known. */
  readonly onCheck?: (check: Check) => void;
}

const LOCK_BUCKET: Pick<Experiment, 'id' | 'expected'> = {
  id: NO_OBJECT_LOCK,
  expected: 'a new bucket can be made with Object Lock',
};

export interface Probed extends Verdict {
  readonly checks: readonly Check[];
  /** The codes with which the store said that a version has no lock. */
  readonly unlockedCodes: readonly string[];
}

/**
 * Tries everything in one scratch bucket.
 *
 * @throws HoldfastError `no-permission` when the credentials cannot try it, `throttled` or `unreachable` when the
 * store gives no verdict.
 */
export async function runProbe(lab: Lab, { stranger, farDates, onCheck }: ProbeOptions): Promise<Probed> {
  const unlockedCodes: string[] = [];
  const checks: Check[] = [];
  const note = (about: Pick<Experiment, 'id' | 'expected'>, finding: Finding): void => {
    const check = checkOf(about, finding);
    checks.push(check);
    onCheck?.(check);
  };
  const isLockBucket = await lab.isLockBucket();
  note(
    LOCK_BUCKET,
    lab.place === 'folder'
      ? notTried(NOT_OWN)
      : found(isLockBucket, isLockBucket ? 'made' : 'made, and its configuration knows no Object Lock'),
  );
  const experiments = order(stranger);
  if (isLockBucket) {
    await requireDeletion(lab);
    const code = lab.isBornLocked ? undefined : await lab.learnNone(await lab.put('none'));
    if (code !== undefined) unlockedCodes.push(code);
    for (const experiment of experiments) {
      const why = skippedBecause(experiment, lab, farDates);
      note(experiment, why === undefined ? await outcome(experiment, lab) : notTried(why));
    }
  }
  return { ...judge(checks, gravities(experiments, lab)), checks, unlockedCodes };
}

function skippedBecause({ id, needs }: Experiment, lab: Lab, farDates: boolean): string | undefined {
  if (isOutOfPlace(needs, lab)) return NOT_OWN;
  if (needs === 'unlocked-uploads' && lab.isBornLocked)
    return 'the default rule of the bucket locks every upload';
  return id === FAR_DATE.id && !farDates ? FAR_SKIPPED : undefined;
}

const isOutOfPlace = (needs: Experiment['needs'], { place }: Lab): boolean =>
  needs === 'own-bucket' && place === 'folder';

/** Every key that the probe writes, without its folder. */
export function probeKeys(): readonly string[] {
  const ids = order(undefined).map(({ id }) => id);
  return [...ids, 'unlocked', 'none', 'copy-source', 'copy-hold-source'];
}

/** The verdict on a store that makes no such bucket. */
export function withoutObjectLock(): Probed {
  const checks = [checkOf(LOCK_BUCKET, found(false, 'refused (NotImplemented)'))];
  return { ...judge(checks, new Map()), checks, unlockedCodes: [] };
}

const NOT_OWN = 'the bucket is not of its own';

const FAR_SKIPPED = 'it would leave a GOVERNANCE version locked for 99 years: --far-dates';

const order = (stranger: Stranger | undefined): readonly Experiment[] => [
  ...MUST_WORK,
  ...MUST_FAIL,
  ...strangerExperiments(stranger),
  FAR_DATE,
  ...DEFAULT_RULE,
  EXPIRED,
  ...BUCKET_MUST_STAY,
];

/** What cannot be tried in a folder at all leaves no verdict open. */
const gravities = (experiments: readonly Experiment[], lab: Lab): ReadonlyMap<string, Gravity> =>
  new Map(
    experiments.map(({ id, gravity, needs }) => [id, isOutOfPlace(needs, lab) ? 'exception' : gravity]),
  );

async function outcome(experiment: Experiment, lab: Lab): Promise<Finding> {
  try {
    return await experiment.run(lab);
  } catch (error) {
    if (error instanceof RefusedUpload) {
      const seen = answerText(error.answer);
      // Without a lock nothing can be said of what would have held it.
      const isMoot = experiment.gravity === 'deleted' || experiment.gravity === 'weakened';
      return isMoot ? notTried(`the lock was ${seen}`) : found(false, seen);
    }
    if (error instanceof Interfered)
      return notTried(`somebody else locked the scratch version, for longer: ${error.message}`);
    // A date that is none is a finding too: the store told it.
    if (error instanceof HoldfastError && error.code === 'bad-input') return found(false, error.message);
    throw error;
  }
}
