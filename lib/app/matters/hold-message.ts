/** A message of the queue of holds: a step of a scope, versions to hold, or a page of a roll to release. */
import * as z from 'zod';
import { jsonOf } from '../../json.ts';
import { type Instant } from '../../lock/instant.ts';
import { clearSchema, handleClear, handlePlace, placeSchema } from './pieces.ts';
import { type StepDeps } from './step.ts';
import { stepSchema, stepScope } from './step-scope.ts';

const messageSchema = z.discriminatedUnion('task', [stepSchema, placeSchema, clearSchema]);

/**
 * @param receives - how often it was delivered.
 * @returns false where it is none of ours.
 * @throws HoldfastError where it should be delivered again.
 */
export async function handleHoldMessage(
  body: string,
  receives: number,
  deadline: Instant,
  deps: StepDeps,
): Promise<boolean> {
  const parsed = messageSchema.safeParse(jsonOf(body));
  if (!parsed.success) return false;
  const { data } = parsed;
  switch (data.task) {
    case 'step':
      await stepScope(data, deadline, deps);
      break;
    case 'place':
      await handlePlace(data, receives, deps);
      break;
    case 'clear':
      await handleClear(data, receives, deps);
      break;
  }
  return true;
}
