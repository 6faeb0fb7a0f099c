/** Buckets made and set up for locks: what is changed is recorded, and what stays unprotected is said. */
import { HoldfastError } from '../errors.ts';
import { daysOf, type DefaultRule, ruleText } from '../lock/default-rule.ts';
import { type BucketAdmin, type BucketState } from '../ports/bucket-admin.ts';
import { recordDeed } from './record-deed.ts';
import { type RecordDeps } from './record-deps.ts';

export interface SetupDeps extends RecordDeps {
  readonly admin: BucketAdmin;
}

export interface SetupResult {
  readonly bucket: string;
  readonly state: BucketState;
  /** What was done, in order; empty where nothing had to be. */
  readonly done: readonly string[];
  /**
   * Versions that were there before the bucket had a lock, and have none; counted up to {@link COUNTED}, and only
   * when the lock is enabled: later nobody can tell them from others without looking at each.
   */
  readonly unprotected?: number;
}

/** Counting goes no further: "more than" says enough. */
export const COUNTED = 100_000;

/** Makes a bucket with Object Lock, and gives it a default rule where one is wanted. */
export async function createBucket(
  bucket: string,
  rule: DefaultRule | undefined,
  deps: SetupDeps,
): Promise<SetupResult> {
  const made = await deps.admin.create(bucket);
  if (made === 'exists') {
    throw new HoldfastError('bad-input', {
      what: `the bucket ${bucket} is there already`,
      next: `choose another name, or run holdfast bucket enable ${bucket}`,
    });
  }
  await recordDeed({ action: 'bucket-created', detail: `${bucket}, asked for with Object Lock` }, deps);
  // Some stores ignore that wish at creation, and give Object Lock to a bucket that is there.
  if (!(await mustRead(bucket, deps)).lock) {
    const enabled = await enableLock(bucket, rule, deps);
    return { ...enabled, done: ['made it', ...enabled.done] };
  }
  const done = ['made it, with Object Lock and versioning'];
  if (rule !== undefined) done.push(await changeRule(bucket, undefined, rule, deps));
  return { bucket, state: await mustRead(bucket, deps), done, unprotected: 0 };
}

/**
 * Gives an existing bucket versioning, Object Lock and a default rule, as far as it lacks them.
 *
 * @throws HoldfastError `no-lock-on-bucket` where the store locks only buckets made for it.
 */
export async function enableLock(
  bucket: string,
  rule: DefaultRule | undefined,
  deps: SetupDeps,
): Promise<SetupResult> {
  const before = await mustRead(bucket, deps);
  const done: string[] = [];
  if (before.versioning !== 'enabled') {
    await deps.admin.enableVersioning(bucket);
    await recordDeed({ action: 'versioning-enabled', detail: bucket }, deps);
    done.push('enabled versioning');
  }
  if (!before.lock) {
    if ((await deps.admin.setLock(bucket, rule)) === 'not-possible') throw notPossible(bucket, done);
    await recordDeed({ action: 'lock-enabled', detail: `${bucket}, default ${ruleText(rule)}` }, deps);
    await mustShow(bucket, rule, deps);
    done.push(`enabled Object Lock, default ${ruleText(rule)}`);
  } else if (rule !== undefined && !isSame(before.rule, rule)) {
    const length = `--mode ${rule.mode} --${rule.unit} ${rule.length}`;
    mustNotBeLess(
      bucket,
      rule,
      before.rule,
      `run holdfast bucket default ${bucket} ${length} --yes if that is meant`,
    );
    done.push(await changeRule(bucket, before.rule, rule, deps));
  }
  if (done.length === 0) await recordFound(bucket, before, deps);
  const result = { bucket, state: await mustRead(bucket, deps), done };
  return before.lock ? result : { ...result, unprotected: await deps.admin.countVersions(bucket, COUNTED) };
}

/**
 * Changes the default rule of a bucket that has Object Lock; what is locked stays locked.
 *
 * @param mayBeLess - whether it was confirmed that new uploads may be protected less than now.
 * @throws HoldfastError `bad-input` when they would be, and it was not.
 */
export async function setDefault(
  bucket: string,
  rule: DefaultRule | undefined,
  mayBeLess: boolean,
  deps: SetupDeps,
): Promise<SetupResult> {
  const before = await mustRead(bucket, deps);
  if (!before.lock) {
    throw new HoldfastError('no-lock-on-bucket', {
      what: `the bucket ${bucket} has no Object Lock`,
      next: `run holdfast bucket enable ${bucket} first`,
    });
  }
  if (!mayBeLess)
    mustNotBeLess(
      bucket,
      rule,
      before.rule,
      'give --yes if that is meant; versions that are locked stay locked',
    );
  const same = isSame(before.rule, rule);
  if (same) await recordFound(bucket, before, deps);
  const done = same ? [] : [await changeRule(bucket, before.rule, rule, deps)];
  return { bucket, state: await mustRead(bucket, deps), done };
}

function mustNotBeLess(
  bucket: string,
  rule: DefaultRule | undefined,
  before: DefaultRule | undefined,
  next: string,
): void {
  if (!isLess(rule, before)) return;
  const what = `new uploads to ${bucket} would be protected less: ${ruleText(before)} → ${ruleText(rule)}`;
  throw new HoldfastError('bad-input', { what, next });
}

/** Whether new uploads would be protected less than before. */
function isLess(rule: DefaultRule | undefined, before: DefaultRule | undefined): boolean {
  if (before === undefined) return false;
  if (rule === undefined) return true;
  return (before.mode === 'COMPLIANCE' && rule.mode === 'GOVERNANCE') || daysOf(rule) < daysOf(before);
}

async function changeRule(
  bucket: string,
  before: DefaultRule | undefined,
  rule: DefaultRule | undefined,
  deps: SetupDeps,
): Promise<string> {
  if ((await deps.admin.setLock(bucket, rule)) === 'not-possible') {
    throw new HoldfastError('bad-input', {
      what: `this store does not take the default ${ruleText(rule)} for ${bucket}`,
      next: 'set it with the tool of the store, or lock versions with holdfast lock',
    });
  }
  const detail = `default ${ruleText(before)} → ${ruleText(rule)}`;
  await recordDeed({ action: 'default-changed', detail: `${bucket}, ${detail}` }, deps);
  await mustShow(bucket, rule, deps);
  return detail;
}

/** How often the setting is read back, a second apart: those of buckets take a moment to be told everywhere. */
const LOOKS = 4;

/** @throws HoldfastError `partly-failed` where the store shows another default than it was given. */
async function mustShow(bucket: string, rule: DefaultRule | undefined, deps: SetupDeps): Promise<void> {
  let after: DefaultRule | undefined;
  for (let look = 0; look < LOOKS; look += 1) {
    if (look > 0) await deps.clock.wait(1_000);
    ({ rule: after } = await mustRead(bucket, deps));
    if (isSame(after, rule)) return;
  }
  throw new HoldfastError('partly-failed', {
    what: `the store answered that the default of ${bucket} is ${ruleText(rule)}, and shows ${ruleText(after)}`,
    next: 'set it with the tool of the store, and look with holdfast bucket show',
  });
}

/** The same mode for the same time, however the store counts it. */
function isSame(one: DefaultRule | undefined, other: DefaultRule | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.mode === other.mode && daysOf(one) === daysOf(other);
}

async function mustRead(bucket: string, { admin }: SetupDeps): Promise<BucketState> {
  const state = await admin.read(bucket);
  if (state !== undefined) return state;
  throw new HoldfastError('bad-input', {
    what: `there is no bucket ${bucket}`,
    next: 'check its name, or make it with holdfast bucket create',
  });
}

function notPossible(bucket: string, done: readonly string[]): HoldfastError {
  const soFar = done.length === 0 ? 'nothing was changed' : `it was changed all the same: ${done.join(', ')}`;
  return new HoldfastError('no-lock-on-bucket', {
    what: `this store cannot give Object Lock to ${bucket}, since it was made without; ${soFar}`,
    next: 'make a new bucket and copy the objects into it, or let the owner of the account enable MFA Delete (docs/BUCKETS.md)',
  });
}

/** Law 7: the record of an earlier run may be missing, since its answer was lost on the way. */
async function recordFound(
  bucket: string,
  { versioning, rule }: BucketState,
  deps: SetupDeps,
): Promise<void> {
  const detail = `${bucket}: versioning ${versioning}, Object Lock, default ${ruleText(rule)}`;
  await recordDeed({ action: 'bucket-found-in-place', detail }, deps);
}
