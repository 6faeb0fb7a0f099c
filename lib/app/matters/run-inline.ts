/** Does the work on small scopes at once, by the same steps and pieces that functions take for large ones. */
import { type Instant } from '../../lock/instant.ts';
import { handleHoldMessage } from './hold-message.ts';
import { type StepDeps } from './step.ts';
import { type StepTask } from './step-scope.ts';

/** So many steps are taken; then a function goes on. */
const STEPS = 12;

/**
 * Works on a scope until it has ended, must wait, or has taken long enough; what is left is sent to the functions.
 */
export async function runInline(first: StepTask, deadline: Instant, deps: StepDeps): Promise<void> {
  const { holds, later } = deps;
  const steps: string[] = [JSON.stringify(first)];
  const inline: StepDeps = {
    ...deps,
    holds: {
      send: async (bodies) => {
        for (const body of bodies) {
          if (deps.clock.now() < deadline) await handleHoldMessage(body, 1, deadline, inline);
          else await holds.send([body]);
        }
      },
    },
    later: {
      sendLater: async (body, seconds, waits) => {
        if (seconds > 1) await later.sendLater(body, seconds, waits);
        else steps.push(body);
      },
    },
  };
  for (let taken = 0; ; taken += 1) {
    const step = steps.shift();
    if (step === undefined) return;
    if (taken < STEPS && deps.clock.now() < deadline) await handleHoldMessage(step, 1, deadline, inline);
    else await later.sendLater(step, 0, 0);
  }
}
