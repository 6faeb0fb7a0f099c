/** Whether Holdfast is paused, as far as somebody at a terminal can know. */
import { Brake } from '../lib/app/brake.ts';
import { type LockDeps } from '../lib/app/deps.ts';
import { systemClock } from '../lib/aws/system-clock.ts';
import { openDocuments } from './control.ts';
import { type ControlOptions, given } from './control-options.ts';

/** The breaker guards against rules gone wrong; a person was shown the number and said yes. */
const UNBRAKED: LockDeps['brake'] = {
  pausedBecause: async () => undefined,
  admit: async () => undefined,
};

/** Only a deployment can be paused; without its configuration there is nothing to ask. */
export async function openBrake(options: ControlOptions): Promise<LockDeps['brake']> {
  const config = given(options.config, 'HOLDFAST_CONFIG_BUCKET');
  if (config === undefined) return UNBRAKED;
  const brake = new Brake({
    documents: await openDocuments({ ...options, config }),
    limit: { versions: 0, bytes: 0 },
    clock: systemClock,
    audit: { append: async () => undefined }, // it only asks whether Holdfast is paused
    actor: '',
    newId: () => '',
  });
  return { ...UNBRAKED, pausedBecause: async () => brake.pausedBecause() };
}
