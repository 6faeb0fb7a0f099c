/** What somebody who may not bypass GOVERNANCE must not achieve by asking for it. */
import { instantOf } from '../lock/instant.ts';
import { answerText, type Experiment, type Finding, notTried } from './check.ts';
import { type Answer, type Lab, type Stranger } from './lab.ts';
import { locked, mustHold, shortLock } from './locked.ts';

const NOBODY =
  'name credentials that may delete and lock, and neither bypass nor touch holds: --unprivileged-profile (docs/PROBE.md)';

/** A refusal counts only from somebody who could have done it to an unlocked version. */
export function strangerExperiments(stranger: Stranger | undefined): readonly Experiment[] {
  return [
    {
      id: 'bypass-delete',
      needs: 'own-bucket',
      expected: 'deleting with the bypass header and without its permission is refused',
      gravity: 'exception',
      async run(lab) {
        if (stranger === undefined) return notTried(NOBODY);
        const denied = await unlessDeleting(lab, stranger);
        if (denied !== undefined) return denied;
        const { version, lock } = await locked(lab, 'bypass-delete', 'GOVERNANCE');
        return mustHold(lab, version, lock, async () => stranger.remove(version, 'going-round'));
      },
    },
    {
      id: 'bypass-shorten',
      needs: 'own-bucket',
      expected: 'an earlier date with the bypass header and without its permission is refused',
      gravity: 'exception',
      async run(lab) {
        if (stranger === undefined) return notTried(NOBODY);
        const { version } = await locked(lab, 'bypass-shorten', 'GOVERNANCE');
        const later = shortLock(lab, 'GOVERNANCE', 2);
        const denied = await asAdmitted(lab, stranger, async () =>
          stranger.retain(version, later, 'plainly'),
        );
        if (denied !== undefined) return denied;
        const sooner = { ...later, until: instantOf(later.until - 1_000) };
        return mustHold(lab, version, later, async () => stranger.retain(version, sooner, 'going-round'));
      },
    },
    {
      id: 'clear-hold',
      needs: 'own-bucket',
      expected: 'clearing a legal hold without its permission is refused',
      gravity: 'exception',
      async run(lab) {
        if (stranger === undefined) return notTried(NOBODY);
        const denied = await unlessDeleting(lab, stranger);
        if (denied !== undefined) return denied;
        const version = await lab.put('clear-hold');
        const placed = await lab.hold(version, 'ON');
        if (!placed.took) return notTried(`placing the hold: ${answerText(placed)}`);
        const finding = await mustHold(lab, version, 'hold', async () => stranger.clear(version));
        await lab.hold(version, 'OFF');
        return finding;
      },
    },
  ];
}

/** Who cannot even delete an unlocked version is kept out altogether, and its refusal proves nothing. */
async function unlessDeleting(lab: Lab, stranger: Stranger): Promise<Finding | undefined> {
  const free = await lab.put('bypass-control');
  return asAdmitted(lab, stranger, async () => stranger.remove(free, 'plainly'));
}

/** The control: what is allowed must work for the stranger, if need be after the bucket's policy let it. */
async function asAdmitted(
  lab: Lab,
  stranger: Stranger,
  control: () => Promise<Answer>,
): Promise<Finding | undefined> {
  const first = await control();
  if (first.took) return undefined;
  const name = await stranger.name();
  const admitted = name === undefined ? undefined : await lab.admit(name);
  const again = admitted?.took === true ? await control() : first;
  if (again.took) return undefined;
  return notTried(
    `a refusal would prove nothing: these credentials may not do it to an unlocked version either (${answerText(again)})`,
  );
}
