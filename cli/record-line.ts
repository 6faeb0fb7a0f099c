/** One line for one record, for people. */
import { isOutcomeCode, OUTCOMES } from '../lib/audit/outcome.ts';
import { type DeedRecord } from '../lib/audit/record.ts';
import { paint, visible } from './output.ts';

/** What the deeds are called. */
export const DEEDS: Readonly<Record<DeedRecord['action'], string>> = {
  'policy-activated': 'policy activated',
  'policy-rolled-back': 'policy rolled back',
  paused: 'paused',
  resumed: 'resumed',
  'breaker-tripped': 'the breaker tripped',
  parked: 'message put aside',
  swept: 'swept',
  planned: 'planned',
  'run-waits': 'run waits for approval',
  'run-approved': 'run approved',
  'run-cancelled': 'run cancelled',
  'run-started': 'run started',
  'run-ended': 'run ended',
  'job-intended': 'job about to be made',
  'job-created': 'job made',
  'job-ended': 'job ended',
  'matter-opened': 'matter opened',
  'matter-widened': 'matter widened',
  'matter-changed': 'matter changed',
  'release-asked': 'release asked',
  'release-approved': 'release approved',
  'roll-page': 'page of a roll',
  'event-posted': 'event posted',
  'bucket-claimed': 'bucket claimed',
  asked: 'asked',
  checkpoint: 'checkpoint',
  'bucket-created': 'bucket made',
  'bucket-adopted': 'bucket adopted',
  probed: 'bucket probed',
  'bucket-found-in-place': 'bucket found as wanted',
  'versioning-enabled': 'versioning enabled',
  'lock-enabled': 'Object Lock enabled',
  'default-changed': 'default rule changed',
};

/** A record as it was read: whoever wrote it may have written anything. */
export interface ShownRecord {
  readonly phase?: unknown;
  readonly time?: unknown;
  readonly actor?: unknown;
  readonly action?: unknown;
  readonly bucket?: unknown;
  readonly key?: unknown;
  readonly outcome?: unknown;
  readonly decidedBy?: unknown;
  readonly wanted?: unknown;
  readonly after?: unknown;
  readonly detail?: unknown;
  readonly parkedAs?: unknown;
}

/** How the work on a version ended, with the time of day; `undefined` for any other record. */
export function outcomeLine(record: ShownRecord): string | undefined {
  return record.phase === 'outcome' ? ended(record, text(record.time).slice(11, 19)) : undefined;
}

/** Any record, with day and time. */
export function recordLine(record: ShownRecord): string {
  const when = text(record.time).slice(0, 19).replace('T', ' ');
  if (record.phase === 'intent') {
    const wanted = (Array.isArray(record.wanted) ? record.wanted : []).map(lockOf).join(', ');
    return `${paint('dim', '…')} ${when}  ${objectOf(record)}  about to write ${wanted}${ruleOf(record)}`;
  }
  return (
    ended(record, when) ??
    `${paint('cyan', '•')} ${when}  ${deedOf(record.action)}  by ${text(record.actor)}${more(record.detail)}${more(record.parkedAs)}`
  );
}

function ended(record: ShownRecord, when: string): string | undefined {
  if (!isOutcomeCode(record.outcome)) return undefined;
  const { covered, meaning, next } = OUTCOMES[record.outcome];
  const mark = covered ? paint('green', '✔') : paint('red', '✘');
  const lock = lockOf(record.after);
  const advice = next === '' ? '' : `  ${paint('dim', next)}`;
  return `${mark} ${when}  ${objectOf(record)}  ${meaning}${lock === '' ? '' : `  ${lock}`}${ruleOf(record)}${advice}`;
}

function deedOf(action: unknown): string {
  return typeof action === 'string' && Object.hasOwn(DEEDS, action)
    ? DEEDS[action as keyof typeof DEEDS]
    : text(action);
}

function objectOf({ bucket, key }: ShownRecord): string {
  return `${text(bucket)}/${text(key)}`;
}

function ruleOf({ decidedBy }: ShownRecord): string {
  return typeof decidedBy === 'string' ? `  by ${text(decidedBy)}` : '';
}

/** A lock that has a date, or a hold that is wanted. */
function lockOf(lock: unknown): string {
  if (typeof lock !== 'object' || lock === null) return '';
  const { mode, until, kind, duration, eventHold } = lock as Readonly<Record<string, unknown>>;
  const dated = typeof until === 'string' ? ` until ${text(until)}` : '';
  if (kind === 'event-hold') return `${text(mode)}${dated} under an event hold of ${text(duration)}`;
  if (kind === 'no-event-hold') return `event hold OFF${dated}`;
  if (dated !== '')
    return `${text(mode)}${dated}${eventHold === undefined ? '' : ', moving on under its event hold'}`;
  return kind === 'hold' ? 'legal hold ON' : '';
}

function more(part: unknown): string {
  return part === undefined ? '' : `  ${paint('dim', text(part))}`;
}

function text(value: unknown): string {
  return visible(typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value));
}
