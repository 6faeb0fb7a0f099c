/** One record per deed, refusal or conflict: what an auditor reads. */
import { type Residual, type Wish, type Write } from '../lock/change.ts';
import { formatDuration } from '../lock/duration.ts';
import { formatInstant, type Instant } from '../lock/instant.ts';
import { type LockState, type Mode } from '../lock/state.ts';
import { type Report } from '../policy/term.ts';
import { type OutcomeCode } from './outcome.ts';
import { type Head } from './head.ts';

/** The lock as a record shows it; dates are ISO 8601 in UTC. */
export interface LockInRecord {
  readonly mode: Mode | 'none' | 'absent';
  readonly until?: string;
  readonly hold: LockState['hold'];
  /** An event hold is in force: how long it lasts after its release, such as `P6Y`, or `on` where nobody told. */
  readonly eventHold?: string;
}

/** A wish or a write as a record shows it. */
export interface WantedInRecord {
  readonly kind: 'retention' | 'hold' | 'no-hold' | 'event-hold' | 'no-event-hold';
  readonly mode?: Mode;
  readonly until?: string;
  /** How long an event hold is to last after its release. */
  readonly duration?: string;
}

interface CommonRecord {
  readonly id: string;
  readonly time: string;
  readonly actor: string;
  /** The id of the event, message or run that asked. */
  readonly cause?: string;
  readonly detail?: string;
}

/** What was about to be done, or was done, to one version. */
export interface VersionRecord extends CommonRecord {
  /** `intent`: about to write what cannot be taken back. `outcome`: how it ended. */
  readonly phase: 'intent' | 'outcome';
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
  readonly rules: readonly string[];
  /** The rule whose date decided, where one did. */
  readonly decidedBy?: string;
  readonly policy: string;
  readonly before?: LockInRecord;
  readonly wanted: readonly WantedInRecord[];
  readonly after?: LockInRecord;
  readonly outcome?: OutcomeCode;
  /** What the reader should do next, where there is something. */
  readonly next?: string;
  readonly reports?: readonly Report[];
  readonly residuals?: readonly ResidualInRecord[];
  /** The request id of the store's answer. */
  readonly requestId?: string;
}

/** Something that concerns more than one version. */
export interface DeedRecord extends CommonRecord {
  readonly phase: 'deed';
  readonly action:
    | 'policy-activated'
    | 'policy-rolled-back'
    | 'paused'
    | 'resumed'
    | 'breaker-tripped'
    | 'parked'
    | 'swept'
    | 'bucket-created'
    | 'bucket-adopted'
    | 'bucket-found-in-place'
    | 'versioning-enabled'
    | 'lock-enabled'
    | 'default-changed'
    | 'probed'
    | 'checkpoint'
    | 'planned'
    | 'run-waits'
    | 'run-approved'
    | 'run-cancelled'
    | 'run-started'
    | 'run-ended'
    | 'job-intended'
    | 'job-created'
    | 'job-ended'
    | 'matter-opened'
    | 'matter-widened'
    | 'matter-changed'
    | 'release-asked'
    | 'release-approved'
    | 'roll-page'
    | 'event-posted'
    | 'bucket-claimed'
    | 'asked';
  /** The hash of the policy that the deed is about. */
  readonly policy?: string;
  /** Where a parked message lies. */
  readonly parkedAs?: string;
  /** Files that show what was done, such as the report of a job, with their SHA-256. */
  readonly evidence?: readonly { readonly name: string; readonly sha256: string }[];
  /** For a matter: all of its state, by which the ledger can be built again; no names, titles or reasons. */
  readonly matter?: unknown;
  /** For a checkpoint: the head of every chain that it saw. */
  readonly heads?: readonly Head[];
}

export type AuditRecord = VersionRecord | DeedRecord;

export interface ResidualInRecord {
  readonly mode: Mode;
  readonly from: string;
  readonly until: string;
  readonly because: Residual['because'];
  readonly rule?: string;
}

export function lockInRecord({ retention, hold }: LockState): LockInRecord {
  if (retention.state !== 'locked') return { mode: retention.state, hold };
  const { mode, until, eventHeld, eventHold } = retention;
  return {
    ...{ mode, until: formatInstant(until), hold },
    ...(eventHeld && { eventHold: eventHold === undefined ? 'on' : formatDuration(eventHold) }),
  };
}

export function wantedInRecord(wanted: Wish | Write): WantedInRecord {
  switch (wanted.kind) {
    case 'hold':
    case 'hold-on':
      return { kind: 'hold' };
    case 'retention':
      return { kind: 'retention', mode: wanted.mode, until: formatInstant(wanted.until) };
    case 'event-hold':
    case 'event-hold-on':
      return {
        ...{ kind: 'event-hold', mode: wanted.mode, duration: formatDuration(wanted.duration) },
        ...dateIn(wanted),
      };
    case 'event-hold-off':
      return { kind: 'no-event-hold', mode: wanted.mode, ...dateIn(wanted) };
  }
}

function dateIn(wanted: object): Pick<WantedInRecord, 'until'> {
  const { until } = wanted as { readonly until?: Instant };
  return until === undefined ? {} : { until: formatInstant(until) };
}

export function residualInRecord({ from, until, ...rest }: Residual): ResidualInRecord {
  return { ...rest, from: formatInstant(from), until: formatInstant(until) };
}

/** A key of its own for each record, in the order of time: `2034-03-08T00:00:00Z-<random>`. */
export function recordId(now: Instant, random: string): string {
  return `${formatInstant(now)}-${random}`;
}
