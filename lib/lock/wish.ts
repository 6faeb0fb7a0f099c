/** What may be wished for a lock, what may be sent for it, and what the law answers. */
import { type HoldDuration } from './duration.ts';
import { type Instant } from './instant.ts';
import { type Mode } from './state.ts';

/** A lock that somebody wants a version to carry. */
export type Wish =
  | { readonly kind: 'hold' }
  | {
      readonly kind: 'retention';
      readonly mode: Mode;
      readonly until: Instant;
      /** Law 5: no write goes beyond this moment, whoever asks. */
      readonly notAfter: Instant;
      /** Under a stored stricter mode: report (`strongest`), or extend in that mode (`combine`). */
      readonly onConflict: 'strongest' | 'combine';
    }
  /** Held until an event is reported, and for this long from then on. */
  | { readonly kind: 'event-hold'; readonly mode: Mode; readonly duration: HoldDuration };

export type RetentionWish = Extract<Wish, { kind: 'retention' }>;
export type EventHoldWish = Extract<Wish, { kind: 'event-hold' }>;
/** What needs no event hold: bulk plans know nothing else. */
export type PlainWish = Exclude<Wish, EventHoldWish>;

/** What is sent to the store: always for one named version, never with bypass. */
export type Write =
  | { readonly kind: 'hold-on' }
  | { readonly kind: 'retention'; readonly mode: Mode; readonly until: Instant }
  /** With a date, the version is kept until then at least, however early the hold is released. */
  | {
      readonly kind: 'event-hold-on';
      readonly mode: Mode;
      readonly duration: HoldDuration;
      readonly until?: Instant;
    }
  /** The store fixes the date: never before the one that it told until then. */
  | { readonly kind: 'event-hold-off'; readonly mode: Mode; readonly until?: Instant };

export type PlainWrite = Extract<Write, { kind: 'hold-on' | 'retention' }>;

/** A stretch of time for which a wish stays unmet, reported as drift. */
export interface Residual {
  readonly mode: Mode;
  readonly from: Instant;
  readonly until: Instant;
  readonly because: 'mode-weaker' | 'mode-stricter' | 'outranked';
  /** The rule that asks for it, where one does. */
  readonly rule?: string;
}

/** What the law answers to one wish. */
export type Change =
  /** The stored lock already does what is wanted. */
  | { readonly kind: 'nothing' }
  /** No active lock: write one. */
  | { readonly kind: 'set'; readonly write: Write }
  /** The stored mode stays, the date grows. */
  | { readonly kind: 'extend'; readonly write: Write; readonly from: Instant }
  | { readonly kind: 'hold-on'; readonly write: Write }
  /** The lock was not seen: a store that refuses weakening may be tried, and nothing counts until it was read. */
  | { readonly kind: 'cannot-tell'; readonly write: Write }
  /** The lock was not seen, and no store refuses a duration for being shorter: it must be read first. */
  | { readonly kind: 'must-see' }
  /** Stored GOVERNANCE where COMPLIANCE is wanted: the date may grow, the mode stays unmet. */
  | { readonly kind: 'mode-weaker'; readonly write: Write; readonly residual: Residual }
  | { readonly kind: 'mode-weaker'; readonly residual: Residual }
  /** Stored COMPLIANCE where GOVERNANCE is wanted beyond it: nothing is sent, the gap is reported. */
  | { readonly kind: 'mode-stricter'; readonly residual: Residual }
  /** The term asked for has already ended. */
  | { readonly kind: 'term-over'; readonly since: Instant }
  | { readonly kind: 'refused'; readonly code: 'over-cap' | 'event-held' };
