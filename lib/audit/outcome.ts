/** How the work on one version can end. Each ending has a stable code, and says what to do next. */

interface Ending {
  /** Whether the version ended as the policy wants it. */
  readonly covered: boolean;
  /** Whether the same event may end better when it is delivered again. */
  readonly retry: boolean;
  readonly meaning: string;
  /** What the reader should do; empty where nothing is to be done. */
  readonly next: string;
}

export const OUTCOMES = {
  locked: { covered: true, retry: false, meaning: 'locked', next: '' },
  extended: { covered: true, retry: false, meaning: 'lock extended', next: '' },
  held: { covered: true, retry: false, meaning: 'legal hold placed', next: '' },
  /** Nothing had to be written: the lock was there when we came. */
  'found-in-place': { covered: true, retry: false, meaning: 'already locked as wanted', next: '' },
  /** A write was denied, and the lock turned out to be there: somebody else was faster. */
  'already-right': { covered: true, retry: false, meaning: 'locked as wanted by somebody else', next: '' },
  parked: {
    covered: false,
    retry: false,
    meaning: 'put aside, since it could not be handled',
    next: 'look at the parked message and at its reason',
  },
  'over-breaker': {
    covered: false,
    retry: true,
    meaning: 'not written: it alone is larger than the breaker lets come under COMPLIANCE in an hour',
    next: 'raise breakerBytes of the deployment, then send the parked message again',
  },
  paused: {
    covered: false,
    retry: false,
    meaning: 'not written: Holdfast is paused',
    next: 'see the record of the pause for its reason, then run holdfast resume',
  },
  observed: {
    covered: true,
    retry: false,
    meaning: 'decided under observation, nothing written',
    next: 'set enforce: apply in the rule to lock for real',
  },
  unmatched: {
    covered: true,
    retry: false,
    meaning: 'no rule covers it',
    next: 'add a rule, or leave it unlocked on purpose',
  },
  uncovered: {
    covered: false,
    retry: false,
    meaning: 'no rule covers it, and the policy wants every version covered',
    next: 'add a rule for it, or set unmatched: report',
  },
  'mode-weaker': {
    covered: false,
    retry: false,
    meaning: 'locked in GOVERNANCE where COMPLIANCE is wanted',
    next: 'the mode can only be raised with governance bypass, which Holdfast never uses',
  },
  'mode-stricter': {
    covered: false,
    retry: false,
    meaning: 'a stored COMPLIANCE lock ends before the GOVERNANCE lock that is wanted',
    next: 'lock again after it has lapsed, or set onConflict: combine to extend it in COMPLIANCE',
  },
  'term-over': {
    covered: true,
    retry: false,
    meaning: 'the term of its rule has already ended',
    next: 'nothing, unless the rule should count from another day',
  },
  'over-cap': {
    covered: false,
    retry: false,
    meaning: 'the date lies beyond the cap',
    next: 'shorten the rule, or raise settings.maximum or the deployment cap',
  },
  'event-held': {
    covered: false,
    retry: false,
    meaning: 'an event hold of S3 is in force and its date moves on by itself',
    next: 'release the event hold first',
  },
  'event-hold-placed': { covered: true, retry: false, meaning: 'event hold placed', next: '' },
  'event-hold-not-placed': {
    covered: false,
    retry: false,
    meaning: 'the rule waits for an event, and nothing could be placed until then',
    next: 'cover the version with another rule until then',
  },
  'event-released': {
    covered: true,
    retry: false,
    meaning: 'the event was reported: the event hold is released, and its date is fixed',
    next: '',
  },
  'no-event-hold': {
    covered: false,
    retry: false,
    meaning: 'the event was reported, and no hold was waiting for it',
    next: 'see the lock of the version: report hold for the event first, or cover it with another rule',
  },
  undecided: {
    covered: false,
    retry: true,
    meaning: 'a rule needs a fact that could not be read',
    next: 'give the role the permission named in the record',
  },
  moved: {
    covered: false,
    retry: false,
    meaning: 'not written: the version or what its rules want changed since the plan',
    next: 'plan again',
  },
  'refused-by-lock': {
    covered: false,
    retry: false,
    meaning: 'the store refused, and its stored lock explains why',
    next: 'compare the stored lock with the rule: a lock is never weakened',
  },
  'no-permission': {
    covered: false,
    retry: true,
    meaning: 'the store denied the request, and no lock explains it',
    next: 'give the role the permission named in the record',
  },
  'not-confirmed': {
    covered: false,
    retry: true,
    meaning: 'the store accepted the lock and does not show it',
    next: 'do not trust this store with locks before a probe has passed',
  },
  rejected: {
    covered: false,
    retry: true,
    meaning: 'the store found fault with the request',
    next: 'see the code of the store in the record',
  },
  'no-lock-on-bucket': {
    covered: false,
    retry: false,
    meaning: 'the bucket has no Object Lock',
    next: 'enable Object Lock on the bucket, or leave it out of the rules',
  },
  cleared: {
    covered: true,
    retry: false,
    meaning: 'legal hold taken off: nobody needs it any more',
    next: '',
  },
  'still-needed': {
    covered: true,
    retry: false,
    meaning: 'its matter was released, and the hold stays: somebody else needs it',
    next: '',
  },
  'not-ours': {
    covered: true,
    retry: false,
    meaning: 'its matter was released, and the hold stays: it is not known to be ours',
    next: 'whoever placed it may take it off',
  },
  'hold-found-off': {
    covered: true,
    retry: false,
    meaning: 'its legal hold had been taken off by somebody else, and was placed again',
    next: 'find out who has s3:PutObjectLegalHold, and take it from them',
  },
  gone: { covered: true, retry: false, meaning: 'the version is not there any more', next: '' },
  marker: { covered: true, retry: false, meaning: 'a delete marker, which cannot be locked', next: '' },
  settling: {
    covered: true,
    retry: false,
    meaning: 'waiting for its tags to settle',
    next: '',
  },
} as const satisfies Record<string, Ending>;

export type OutcomeCode = keyof typeof OUTCOMES;

export function isOutcomeCode(code: unknown): code is OutcomeCode {
  return typeof code === 'string' && Object.hasOwn(OUTCOMES, code);
}
