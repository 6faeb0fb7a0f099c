/** What a store that enforces Object Lock must refuse, asked by the one who owns the bucket. */
import { instantOf } from '../lock/instant.ts';
import { answerText, type Experiment, found, notTried } from './check.ts';
import { type Lock } from './lab.ts';
import { locked, mustHold, shortLock } from './locked.ts';

const sooner = (lock: Lock): Lock => ({ ...lock, until: instantOf(lock.until - 1_000) });

export const MUST_FAIL: readonly Experiment[] = [
  {
    id: 'delete',
    expected: 'deleting a GOVERNANCE version by its id is refused',
    gravity: 'deleted',
    async run(lab) {
      const { version, lock } = await locked(lab, 'delete', 'GOVERNANCE');
      return mustHold(lab, version, lock, async () => lab.remove(version));
    },
  },
  {
    id: 'delete-compliance',
    expected: 'deleting a COMPLIANCE version by its id is refused',
    gravity: 'deleted',
    async run(lab) {
      const { version, lock } = await locked(lab, 'delete-compliance', 'COMPLIANCE');
      return mustHold(lab, version, lock, async () => lab.remove(version));
    },
  },
  {
    id: 'delete-batch',
    expected: 'DeleteObjects tells an error for a locked version',
    gravity: 'deleted',
    async run(lab) {
      const { version, lock } = await locked(lab, 'delete-batch', 'GOVERNANCE');
      return mustHold(lab, version, lock, async () => lab.removeInBatch(version));
    },
  },
  {
    id: 'delete-hold',
    needs: 'own-bucket',
    expected: 'deleting a version under legal hold is refused',
    gravity: 'deleted',
    async run(lab) {
      const version = await lab.put('delete-hold');
      const placed = await lab.hold(version, 'ON');
      if (!placed.took) return notTried(`placing the hold: ${answerText(placed)}`);
      const finding = await mustHold(lab, version, 'hold', async () => lab.remove(version));
      await lab.hold(version, 'OFF');
      return finding;
    },
  },
  {
    id: 'shorten',
    expected: 'an earlier date on a GOVERNANCE version is refused',
    gravity: 'weakened',
    async run(lab) {
      const { version, lock } = await locked(lab, 'shorten', 'GOVERNANCE');
      return mustHold(lab, version, lock, async () => lab.retain(version, sooner(lock)));
    },
  },
  {
    id: 'shorten-compliance',
    expected: 'an earlier date on a COMPLIANCE version is refused',
    gravity: 'weakened',
    async run(lab) {
      const { version, lock } = await locked(lab, 'shorten-compliance', 'COMPLIANCE');
      return mustHold(lab, version, lock, async () => lab.retain(version, sooner(lock)));
    },
  },
  {
    id: 'upgrade',
    expected: 'GOVERNANCE does not become COMPLIANCE with an earlier date',
    gravity: 'weakened',
    async run(lab) {
      const { version, lock } = await locked(lab, 'upgrade', 'GOVERNANCE', 2);
      const earlier = shortLock(lab, 'COMPLIANCE');
      return mustHold(lab, version, lock, async () => lab.retain(version, earlier));
    },
  },
  {
    id: 'downgrade',
    expected: 'COMPLIANCE does not become GOVERNANCE, even with a later date',
    gravity: 'weakened',
    async run(lab) {
      const { version, lock } = await locked(lab, 'downgrade', 'COMPLIANCE');
      return mustHold(lab, version, lock, async () => lab.retain(version, shortLock(lab, 'GOVERNANCE', 2)));
    },
  },
  {
    id: 'empty',
    expected: 'an empty retention does not unlock a version',
    gravity: 'weakened',
    async run(lab) {
      const { version, lock } = await locked(lab, 'empty', 'GOVERNANCE');
      return mustHold(lab, version, lock, async () => lab.retain(version, 'empty'));
    },
  },
];

/** The bucket itself; tried last, since a store that gives way is changed by it. */
export const BUCKET_MUST_STAY: readonly Experiment[] = [
  {
    id: 'suspend',
    needs: 'own-bucket',
    expected: 'versioning of a bucket with Object Lock cannot be suspended',
    gravity: 'weakened',
    async run(lab) {
      const answer = await lab.versioning('Suspended');
      const keeps = await lab.keepsVersions();
      if (!keeps) await lab.versioning('Enabled');
      return found(keeps, `${answerText(answer)}; versioning is ${keeps ? 'still on' : 'off'}`);
    },
  },
  {
    id: 'unlock-bucket',
    needs: 'own-bucket',
    expected: 'Object Lock of a bucket cannot be switched off',
    gravity: 'weakened',
    async run(lab) {
      const answer = await lab.unlock();
      const isOn = await lab.isLockBucket();
      return found(isOn, `${answerText(answer)}; Object Lock is ${isOn ? 'still on' : 'off'}`);
    },
  },
];
