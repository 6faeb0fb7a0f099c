/** What a store must keep as it was asked to: the ways in which a version gets its lock. */
import { HoldfastError } from '../errors.ts';
import { DAY, type Instant, instantOf } from '../lock/instant.ts';
import { answerText, type Experiment, type Finding, found, lookText, notTried } from './check.ts';
import { type Lab, type Lock, type Look } from './lab.ts';
import { after, carries, locked, mustBeOurs, shortLock, shows } from './locked.ts';

export const MUST_WORK: readonly Experiment[] = [
  {
    id: 'retention',
    expected: 'a retention that was accepted is read back to the second',
    gravity: 'unkept',
    async run(lab) {
      const { version, lock } = await locked(lab, 'retention', 'GOVERNANCE');
      return shows(await lab.look(version), lock);
    },
  },
  {
    id: 'hold',
    needs: 'own-bucket',
    expected: 'a legal hold is read back, on and off',
    gravity: 'exception',
    async run(lab) {
      const version = await lab.put('hold');
      const on = await lab.hold(version, 'ON');
      if (!on.took && on.status === 403) return notTried('it needs s3:PutObjectLegalHold');
      if (!on.took) return found(false, `ON: ${answerText(on)}`);
      const held = await lab.look(version);
      const off = await lab.hold(version, 'OFF');
      const free = await lab.look(version);
      const isOk = held.there && held.lock.hold === 'on' && free.there && free.lock.hold === 'none';
      return found(isOk, isOk ? 'ON, then OFF' : `after ON: ${lookText(held)}; OFF ${answerText(off)}`);
    },
  },
  {
    id: 'extend',
    expected: 'a later date is accepted',
    gravity: 'exception',
    async run(lab) {
      const { version } = await locked(lab, 'extend', 'GOVERNANCE');
      const later = shortLock(lab, 'GOVERNANCE', 2);
      const first = await lab.retain(version, later);
      if (first.took) return shows(await lab.look(version), later);
      mustBeOurs(await lab.look(version), later.until);
      if (lab.youngFor === 0) return found(false, answerText(first));
      await lab.wait(lab.youngFor);
      const again = await lab.retain(version, shortLock(lab, 'GOVERNANCE', 2));
      return found(again.took, `${answerText(first)}; ${lab.youngFor / 1_000} s later ${answerText(again)}`);
    },
  },
  {
    id: 'put-headers',
    expected: 'lock headers on an upload are kept',
    gravity: 'exception',
    async run(lab) {
      const lock = shortLock(lab, 'GOVERNANCE');
      return shows(await lab.look(await lab.put('put-headers', { lock })), lock);
    },
  },
  {
    id: 'multipart-headers',
    expected: 'lock headers on a multipart upload are kept',
    gravity: 'exception',
    async run(lab) {
      const lock = shortLock(lab, 'GOVERNANCE');
      return shows(await lab.look(await lab.multipart('multipart-headers', { lock })), lock);
    },
  },
  {
    id: 'copy-headers',
    expected: "lock headers on a copy are kept, not the source's lock",
    gravity: 'exception',
    async run(lab) {
      const source = await locked(lab, 'copy-source', 'GOVERNANCE');
      const lock = shortLock(lab, 'GOVERNANCE', 2);
      return shows(await lab.look(await lab.copy(source.version, 'copy-headers', { lock })), lock);
    },
  },
  {
    id: 'copy-plain',
    expected: "a copy without lock headers does not carry the source's lock",
    gravity: 'exception',
    needs: 'unlocked-uploads',
    async run(lab) {
      const source = await locked(lab, 'copy-source', 'GOVERNANCE');
      return shows(await lab.look(await lab.copy(source.version, 'copy-plain', {})), 'nothing');
    },
  },
  {
    id: 'copy-hold',
    needs: 'own-bucket',
    expected: 'a legal hold asked for with a copy is kept',
    gravity: 'exception',
    async run(lab) {
      const source = await lab.put('copy-hold-source');
      const version = await lab.copy(source, 'copy-hold', { hold: true });
      const look = await lab.look(version);
      await lab.hold(version, 'OFF');
      return found(look.there && look.lock.hold === 'on', lookText(look));
    },
  },
  {
    id: 'tags',
    expected: 'each version of a key keeps its own tags',
    gravity: 'exception',
    async run(lab) {
      const [older, newer] = [await lab.put('tags'), await lab.put('tags')];
      const answers = [await lab.tag(older, 'older'), await lab.tag(newer, 'newer')];
      const refused = answers.find((answer) => !answer.took);
      if (refused?.took === false && refused.status === 403)
        return notTried('it needs s3:PutObjectVersionTagging');
      if (refused !== undefined) return found(false, answerText(refused));
      const tags = [await lab.tagOf(older), await lab.tagOf(newer)];
      return found(
        tags[0] === 'older' && tags[1] === 'newer',
        `older version: ${tags[0] ?? 'none'}; newer version: ${tags[1] ?? 'none'}`,
      );
    },
  },
  {
    id: 'overwrite',
    expected: 'a second upload of a locked key is taken, as a version of its own',
    gravity: 'exception',
    async run(lab) {
      const { version, lock } = await locked(lab, 'overwrite', 'GOVERNANCE');
      const second = await lab.put('overwrite');
      const look = await lab.look(version);
      const seen = `${second.versionId === version.versionId ? 'in place of the first' : 'a second version'}; the first: ${lookText(look)}`;
      return found(second.versionId !== version.versionId && carries(look, lock), seen);
    },
  },
  {
    id: 'marker',
    expected: 'deleting without a version id hides the key, and the version stays locked',
    gravity: 'deleted',
    async run(lab) {
      const { version, lock } = await locked(lab, 'marker', 'GOVERNANCE');
      const answer = await lab.hide(version.key);
      const look = await lab.look(version);
      const isHidden = !(await lab.shown(version.key));
      const seen = `${answerText(answer)}; the key is ${isHidden ? 'hidden' : 'shown'}; ${lookText(look)}`;
      return found(carries(look, lock) && (isHidden || !answer.took), seen);
    },
  },
];

const TOLERANCE = 300_000;

/** The default rule is counted in whole days, so what these make stays locked for one. */
export const DEFAULT_RULE: readonly Experiment[] = [
  {
    id: 'default',
    expected: "an upload without lock headers gets the bucket's default retention",
    gravity: 'exception',
    needs: 'own-bucket',
    run: async (lab) => underDefault(lab, 'default'),
  },
  {
    id: 'default-hold',
    expected: 'an upload that brings only a legal hold still gets the default retention',
    gravity: 'exception',
    needs: 'own-bucket',
    run: async (lab) => underDefault(lab, 'default-hold', true),
  },
];

async function underDefault(lab: Lab, name: string, hold?: true): Promise<Finding> {
  const set = await lab.setDefault('one-day');
  if (!set.took) return found(false, `the default rule: ${answerText(set)}`);
  const version = await lab.put(name, hold && { hold });
  const look = await lab.look(version);
  await lab.setDefault('none');
  if (hold) await lab.hold(version, 'OFF');
  const retention = look.there ? look.lock.retention : { state: 'none' as const };
  const isOk =
    retention.state === 'locked' &&
    retention.mode === 'GOVERNANCE' &&
    Math.abs(retention.until - lab.now() - DAY) < TOLERANCE;
  return found(isOk, lookText(look));
}

const FAR_YEARS = 99;

/** A right answer stays locked for 99 years, so it is tried only where somebody agreed to that. */
export const FAR_DATE: Experiment = {
  id: 'far-date',
  expected: `a date ${FAR_YEARS} years away is read back as it was written`,
  gravity: 'exception',
  needs: 'own-bucket',
  async run(lab) {
    const date = new Date(after(lab, 0));
    date.setUTCFullYear(date.getUTCFullYear() + FAR_YEARS);
    const lock: Lock = { mode: 'GOVERNANCE', until: instantOf(date.getTime()) };
    const version = await lab.put('far-date');
    const answer = await lab.retain(version, lock);
    if (!answer.took) return found(false, answerText(answer));
    const look = await lab.look(version);
    const finding = shows(look, lock);
    return finding.kind === 'failing' ? { ...finding, lastDate: await lastDateOf(lab, look, lock) } : finding;
  },
};

/** Where seconds are counted in 32 bits, a far date comes back earlier by exactly what these bits can count. */
const WRAP = 2 ** 32 * 1_000;
const LAST_OF_32_BITS = instantOf(WRAP - 1_000);
/** The end of signed 32 bits: nothing that keeps dates at all goes wrong before. */
const LAST_OF_31_BITS = instantOf((2 ** 31 - 1) * 1_000);

async function lastDateOf(lab: Lab, look: Look, { until }: Lock): Promise<Instant> {
  const seen = look.there && look.lock.retention.state === 'locked' ? look.lock.retention.until : undefined;
  // A date that comes back in the past is no lock, so it is not always shown.
  if (seen === undefined || until - seen !== WRAP) return LAST_OF_31_BITS;
  // Signed or not, such a date comes back the same; one between the two ends tells which it is.
  const between: Lock = { mode: 'GOVERNANCE', until: instantOf(Date.UTC(2090, 0)) };
  const version = await lab.put('far-date');
  const answer = await lab.retain(version, between);
  return answer.took && carries(await lab.look(version), between) ? LAST_OF_32_BITS : LAST_OF_31_BITS;
}

/** What was locked for seconds can be deleted when they are over; waits once for all of it. */
export const EXPIRED: Experiment = {
  id: 'expired',
  expected: 'a version can be deleted when its lock has ended',
  gravity: 'exception',
  async run(lab) {
    const governance = await locked(lab, 'expired', 'GOVERNANCE');
    const compliance = await locked(lab, 'expired', 'COMPLIANCE');
    const end = Math.max(governance.lock.until, compliance.lock.until);
    // Long enough for the longest lock of any experiment before, which lasts two spans.
    await lab.wait(end - lab.now() + lab.span + 2_000);
    const answers = [await lab.remove(governance.version), await lab.remove(compliance.version)];
    const looks = [await lab.look(governance.version), await lab.look(compliance.version)];
    for (const look of looks) mustBeOurs(look, lab.now());
    return found(
      looks.every((look) => !look.there),
      `GOVERNANCE: ${answers.slice(0, 1).map(answerText).join('')}; COMPLIANCE: ${answers.slice(1).map(answerText).join('')}`,
    );
  },
};

/** Under a default rule nothing is born without a lock; a brief one is as good once it has ended. */
const BRIEF = 2_000;

/** @throws HoldfastError `no-permission` where a refusal would prove nothing, since nothing may be deleted. */
export async function requireDeletion(lab: Lab): Promise<void> {
  const brief = { mode: 'GOVERNANCE' as const, until: after(lab, BRIEF) };
  const version = await lab.put('unlocked', lab.isBornLocked ? { lock: brief } : {});
  if (lab.isBornLocked) await lab.wait(BRIEF + 2_000);
  const answer = await lab.remove(version);
  if (answer.took) return;
  throw new HoldfastError('no-permission', {
    what: `delete an unlocked scratch version: ${answerText(answer)}, so that a refusal would prove nothing`,
    next:
      lab.place === 'bucket'
        ? 'the probe needs s3:DeleteObjectVersion in buckets named holdfast-probe-*'
        : 'the probe needs s3:DeleteObjectVersion under its prefix',
  });
}
