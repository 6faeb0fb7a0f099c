/** A message of the queue of holds: a step of a scope, versions to hold, or a page of a roll to release, versions that follow an event. */
import * as z from 'zod';
import { HoldfastError } from '../../errors.ts';
import { jsonOf } from '../../json.ts';
import { type Instant } from '../../lock/instant.ts';
import { eventTaskSchema, handleEvent } from './post-event.ts';
import { clearSchema, handleClear, handlePlace, placeSchema } from './pieces.ts';
import { type StepDeps } from './step.ts';
import { stepSchema, stepScope } from './step-scope.ts';

const messageSchema = z.discriminatedUnion('task', [stepSchema, placeSchema, clearSchema, eventTaskSchema]);

/** While Holdfast is paused nothing is taken off, and no event is followed: it is looked again after so long (seconds). */
const PAUSED = 300;
/** A store that gave no verdict is asked again after so long, doubled each time (seconds). */
const PAUSE = 15;
const LONGEST = 900;

/**
 * @param tries - how often it was delivered, or sent back to wait.
 * @returns false where it is none of ours.
 * @throws Error where something else than the store is in the way: the queue delivers it again.
 */
export async function handleHoldMessage(
  body: string,
  tries: number,
  deadline: Instant,
  deps: StepDeps,
): Promise<boolean> {
  const parsed = messageSchema.safeParse(jsonOf(body));
  if (!parsed.success) return false;
  try {
    await handle(parsed.data, body, tries, deadline, deps);
  } catch (cause) {
    const isSilent =
      cause instanceof HoldfastError && (cause.code === 'throttled' || cause.code === 'unreachable');
    if (!isSilent) throw cause;
    // The queue itself would deliver it only when the longest function must have ended.
    await deps.later.sendLater(body, Math.min(LONGEST, PAUSE * 2 ** (tries - 1)), tries);
  }
  return true;
}

async function handle(
  task: z.infer<typeof messageSchema>,
  body: string,
  tries: number,
  deadline: Instant,
  deps: StepDeps,
): Promise<void> {
  switch (task.task) {
    case 'step':
      await stepScope(task, deadline, deps);
      return;
    case 'place':
      await handlePlace(task, tries, deps);
      return;
    case 'clear':
      if ((await deps.brake.pausedBecause()) === undefined) await handleClear(task, tries, deps);
      else await deps.later.sendLater(body, PAUSED, tries - 1);
      return;
    case 'event':
      if ((await deps.brake.pausedBecause()) === undefined) await handleEvent(task, tries, deps);
      else await deps.later.sendLater(body, PAUSED, tries - 1);
  }
}
