import { checkDate, settled, type AskedRetention } from './asked-retention.ts';
import { demand, headerOf, may, type Call } from './call.ts';
import { iso, parseIso } from './dates.ts';
import { invalidArgument, invalidRequest, type S3Error } from './errors.ts';
import { DURATION, durationOf, eventHoldOf, heedsEventHolds } from './event-hold.ts';
import { isRetentionMode, untilAt, type EventHold, type Lock, type Retention } from './lock.ts';
import { readTerm, type Term } from './term.ts';

const MODE = 'x-amz-object-lock-mode';
const UNTIL = 'x-amz-object-lock-retain-until-date';
const HOLD = 'x-amz-object-lock-legal-hold';
const EVENT_HOLD = 'x-amz-object-lock-event-hold';
const DURATIONS: Readonly<Record<Term['unit'], string>> = {
  Days: 'x-amz-object-lock-event-hold-duration-days',
  Years: 'x-amz-object-lock-event-hold-duration-years',
};

/** The lock an upload brings; its values are judged before the bucket is looked at. */
export function lockHeadersOf(call: Call): Lock {
  const legalHold = headerOf(call, HOLD);
  if (legalHold !== undefined && legalHold !== 'ON' && legalHold !== 'OFF')
    throw invalidArgument("Legal Hold must be either of 'ON' or 'OFF'", HOLD, legalHold);
  const asked = retentionHeadersOf(call);
  const retention = asked && newRetention(asked, call.now);
  if (retention) demand(call, 's3:PutObjectRetention');
  if (legalHold !== undefined) demand(call, 's3:PutObjectLegalHold');
  return { retention, legalHold };
}

function newRetention(asked: AskedRetention, now: number): Retention {
  checkDate(asked, now, UNTIL);
  return settled(undefined, asked, now, true);
}

const incomplete = (missing: string): S3Error =>
  invalidArgument(
    'x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied',
    missing,
  );

function retentionHeadersOf(call: Call): AskedRetention | undefined {
  const mode = headerOf(call, MODE);
  const date = headerOf(call, UNTIL);
  const eventHold = eventHoldHeadersOf(call);
  if (mode === undefined) {
    if (eventHold) throw invalidRequest(`${EVENT_HOLD} must be supplied with ${MODE}`);
    if (date === undefined) return undefined;
    throw incomplete(MODE);
  }
  if (date === undefined && !eventHold) throw incomplete(UNTIL);
  if (!isRetentionMode(mode)) throw invalidArgument('Unknown wormMode directive.', MODE, mode);
  const until = date === undefined ? undefined : parseIso(date);
  if (date !== undefined && until === undefined)
    throw invalidArgument('The retain until date must be provided in ISO 8601 format', UNTIL, date);
  if (eventHold) return { mode, until, eventHold };
  if (until === undefined) throw incomplete(UNTIL);
  return { mode, until };
}

function eventHoldHeadersOf(call: Call): EventHold | undefined {
  const named = [EVENT_HOLD, DURATIONS.Days, DURATIONS.Years].find(
    (name) => headerOf(call, name) !== undefined,
  );
  if (named === undefined || !heedsEventHolds(call, named)) return undefined;
  const status = headerOf(call, EVENT_HOLD);
  if (status !== undefined && status !== 'ON' && status !== 'OFF')
    throw invalidArgument("Event Hold must be either of 'ON' or 'OFF'", EVENT_HOLD, status);
  const days = durationHeaderOf(call, 'Days');
  const years = durationHeaderOf(call, 'Years');
  if (days && years) throw invalidRequest(`${DURATION} must be supplied in days or in years, not in both.`);
  return eventHoldOf(status, days ?? years);
}

function durationHeaderOf(call: Call, unit: Term['unit']): Term | undefined {
  const argument = DURATIONS[unit];
  const text = headerOf(call, argument);
  if (text === undefined) return undefined;
  const term = readTerm(unit, text, { what: DURATION, argument });
  if (!term) throw invalidArgument(`${DURATION} must be a positive integer value.`, argument, text);
  return term;
}

/** What a read tells of a lock, as far as the reader may know it. */
export function lockAnswer(call: Call, lock: Lock): Readonly<Record<string, string | number | undefined>> {
  const retention = may(call, 's3:GetObjectRetention') ? lock.retention : undefined;
  const duration = durationOf(retention?.eventHold);
  return {
    [MODE]: retention?.mode,
    [UNTIL]: retention && iso(untilAt(retention, call.now)),
    [EVENT_HOLD]: retention?.eventHold?.status,
    ...(duration && { [DURATIONS[duration.unit]]: duration.length }),
    [HOLD]: may(call, 's3:GetObjectLegalHold') ? lock.legalHold : undefined,
  };
}
