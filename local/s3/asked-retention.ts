import { pacific } from './dates.ts';
import { invalidArgument, invalidRequest } from './errors.ts';
import { isActive, untilAt, type EventHold, type Retention, type RetentionMode } from './lock.ts';
import { endOf, isTooFar } from './term.ts';

/** Retention as a request asks for it: the date may be missing only where an event hold is named. */
export type AskedRetention =
  | { readonly mode: RetentionMode; readonly until: number; readonly eventHold?: undefined }
  | {
      readonly mode: RetentionMode;
      readonly until: number | undefined;
      readonly eventHold: EventHold;
    };

/** Refuses dates that are over, more than 100 years away, or before the end of the hold they come with. */
export function checkDate({ until, eventHold }: AskedRetention, now: number, argument: string): void {
  if (until === undefined) return;
  const refuse = (message: string): never => {
    throw invalidArgument(message, argument, pacific(until));
  };
  if (until <= now) refuse('The retain until date must be in the future!');
  if (isTooFar(until, now)) refuse('The retain until date must be within 100 years.');
  if (eventHold?.status === 'ON' && until < endOf(eventHold.duration, now))
    refuse(
      'The retain until date must be equal to or later than the current time plus the event hold duration.',
    );
}

/**
 * What stored retention becomes when a request is granted; throws where the two make no sense together.
 * `isOpen` says that stored retention does not bind: only then may a date that is named bring it forward.
 */
export function settled(
  stored: Retention | undefined,
  asked: AskedRetention,
  now: number,
  isOpen: boolean,
): Retention {
  const { mode, until, eventHold } = asked;
  if (eventHold === undefined) {
    checkStated(stored, asked.until, now, isOpen);
    return { mode, until: asked.until, eventHold: stored?.eventHold };
  }
  // Where nothing binds, a date that is named stands; else the latest date of all does.
  const existing = isActive(stored, now) ? untilAt(stored, now) : undefined;
  if (eventHold.status === 'ON') {
    const end = endOf(eventHold.duration, now);
    const latest = Math.max(existing ?? end, until ?? end);
    return { mode, until: isOpen ? (until ?? latest) : latest, eventHold };
  }
  const isRelease = stored?.eventHold?.status === 'ON';
  // Without a hold to release a date is a plain one: whether it may stand is for the stored lock to say.
  const released = isRelease && !isOpen ? Math.max(existing ?? now, until ?? now) : (until ?? existing);
  if (released === undefined)
    throw invalidRequest(
      'EventHold:OFF must be supplied with a RetainUntilDate where there is no event hold to release.',
    );
  return { mode, until: released, eventHold };
}

// A date brought forward under a hold would not be what is told afterwards, so the request must say what it means.
function checkStated(stored: Retention | undefined, until: number, now: number, isOpen: boolean): void {
  if (isOpen && stored?.eventHold?.status === 'ON' && until < untilAt(stored, now))
    throw invalidRequest(
      'EventHold must be supplied to shorten the retention of an object under event hold.',
    );
}
