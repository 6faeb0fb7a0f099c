/** A matter: a legal case that needs versions kept. Its states, and what leads from one to the next. */
import * as z from 'zod';
import { matchSchema } from '../policy/schema.ts';

/** Which versions a selector covers: the conditions of a rule, in one bucket that is named in full. */
export const selectorSchema = matchSchema.omit({ bucket: true }).extend({
  bucket: z
    .string()
    .min(3)
    .max(63)
    .regex(/^[a-z0-9][a-z0-9.-]+[a-z0-9]$/, { error: 'the name of one bucket, without patterns' }),
});
export type Selector = z.infer<typeof selectorSchema>;

/** Who did something: an issuer of tokens and its subject, or a role of AWS. */
const personSchema = z.object({ issuer: z.string(), subject: z.string() });
export type Person = Readonly<z.infer<typeof personSchema>>;

const countsSchema = z.object({
  /** Versions on the roll of the scope, and their bytes where they are known. */
  versions: z.number(),
  bytes: z.number(),
  /** Found or set ON, and read back. */
  on: z.number(),
  /** Not ON, although the matter needs it. */
  exceptions: z.number(),
});
export type ScopeCounts = Readonly<z.infer<typeof countsSchema>>;

const releasedSchema = z.object({
  /** Cleared by us, or found cleared. */
  off: z.number(),
  /** Still ON, since another matter, an event hold or a rule needs it. */
  needed: z.number(),
  /** Still ON, since it was ON before we came, or nobody can tell. */
  notOurs: z.number(),
  /** Deleted meanwhile, which nothing prevented. */
  gone: z.number(),
  /** Could not be cleared: still ON. */
  failed: z.number(),
});
export type ReleasedCounts = Readonly<z.infer<typeof releasedSchema>>;

/** Work on a scope that is not over; whoever does the next piece of it takes the beat. */
const workSchema = z.object({
  kind: z.enum(['open', 'reconcile', 'release']),
  /** `wait` for caches to expire; `list` and send pieces; `gather` what became of them; `settle` late clearings. */
  phase: z.enum(['wait', 'list', 'gather', 'settle']),
  pass: z.number(),
  /** The beat in which this pass began: its pages are those of this beat and later ones. */
  from: z.number(),
  /** Pieces that were sent in this pass, by the beat in which they were. */
  sent: z.array(z.object({ beat: z.number(), pieces: z.number() })),
  /** When the first pass began to list: later ones look at what is younger. */
  first: z.string().optional(),
  /** Not before this moment. */
  until: z.string().optional(),
  /** When this pass began to list. */
  since: z.string(),
  /** Where the listing goes on, or the pages of the roll. */
  marker: z.object({ key: z.string(), versionId: z.string().optional() }).optional(),
  /** Clearings by older releases may land until then, or settings of ours after a release. */
  settles: z.string().optional(),
  /** What the pages of the roll say together, before anything was looked at again. */
  base: countsSchema.optional(),
  /** How many pieces had ended when it was last looked, and when that was another number. */
  ended: z.object({ pieces: z.number(), at: z.string() }).optional(),
  beat: z.number(),
  touched: z.string(),
});
export type ScopeWork = Readonly<z.infer<typeof workSchema>>;

export const SCOPE_STATES = [
  'opening',
  'in force',
  'in force with exceptions',
  'releasing',
  'released',
  'released with exceptions',
] as const;
export type ScopeState = (typeof SCOPE_STATES)[number];

const scopeSchema = z.object({
  id: z.string(),
  what: z.union([
    z.object({ kind: z.literal('selector'), selector: selectorSchema }),
    /** Versions that were named one by one: they lie in the pages of the roll. */
    z.object({ kind: z.literal('list'), versions: z.number() }),
  ]),
  /** The hash of the request that added it. */
  request: z.string().optional(),
  addedBy: personSchema,
  addedAt: z.string(),
  state: z.enum(SCOPE_STATES),
  /** Everything that existed then is covered; later versions are held as their events come. */
  asOf: z.string().optional(),
  counts: countsSchema,
  released: releasedSchema.optional(),
  work: workSchema.optional(),
  /** The last beat of work that is over: no beat comes twice. */
  lastBeat: z.number().optional(),
});
export type Scope = Readonly<z.infer<typeof scopeSchema>>;

export const matterSchema = z.object({
  id: z.string(),
  /** The name of the ledger that it is in. */
  ledger: z.string(),
  /** Grows with every change. */
  revision: z.number(),
  /** The hash of the request that opened it: the same request again is no second matter. */
  request: z.string(),
  /** Who may see it: a group that tokens name. */
  group: z.string(),
  openedBy: personSchema,
  openedAt: z.string(),
  scopes: z.array(scopeSchema),
  release: z
    .object({
      askedBy: personSchema,
      askedAt: z.string(),
      approvedBy: personSchema.optional(),
      approvedAt: z.string().optional(),
    })
    .optional(),
  history: z.array(
    z.object({ at: z.string(), what: z.string(), by: personSchema.optional(), scope: z.string().optional() }),
  ),
});
export type Matter = Readonly<z.infer<typeof matterSchema>>;

/** What people call a matter, and why: it is personal, so it stays out of what is under lock, and can be erased. */
export const particularsSchema = z.object({
  title: z.string(),
  reason: z.string(),
  releaseReason: z.string().optional(),
  /** Names of people as their tokens told them, by `issuer#subject`. */
  names: z.record(z.string(), z.string()),
});
export type Particulars = Readonly<z.infer<typeof particularsSchema>>;

export function personName({ issuer, subject }: Person): string {
  return `${issuer}#${subject}`;
}

/** Two people are the same when their issuer and their subject are. */
function isSamePerson(one: Person, other: Person): boolean {
  return one.issuer === other.issuer && one.subject === other.subject;
}

export type MatterState = ScopeState | 'release asked';

/** The state of a matter as a whole: that of its scope which is furthest from its end. */
export function stateOf({ scopes, release }: Matter): MatterState {
  const states = new Set(scopes.map(({ state }) => state));
  if (release?.approvedAt !== undefined) {
    if (states.has('releasing')) return 'releasing';
    return states.has('released with exceptions') ? 'released with exceptions' : 'released';
  }
  if (release !== undefined) return 'release asked';
  if (states.has('opening')) return 'opening';
  return states.has('in force with exceptions') ? 'in force with exceptions' : 'in force';
}

/** A matter covers its versions until its release is approved. */
export function isOpen({ release }: Matter): boolean {
  return release?.approvedAt === undefined;
}

export type ReleaseRefusal = 'already-asked' | 'not-asked' | 'self-approval' | 'already-released';

/** Asks for the release of a matter; it covers on. */
export function askRelease(matter: Matter, by: Person, at: string): Matter | ReleaseRefusal {
  if (!isOpen(matter)) return 'already-released';
  if (matter.release !== undefined) return 'already-asked';
  return changed(matter, at, { release: { askedBy: by, askedAt: at } }, { what: 'release asked', by });
}

/** Approves a release: somebody else than who asked for it. It cannot be withdrawn. */
export function approveRelease(matter: Matter, by: Person, at: string): Matter | ReleaseRefusal {
  const { release } = matter;
  if (!isOpen(matter)) return 'already-released';
  if (release === undefined) return 'not-asked';
  if (isSamePerson(release.askedBy, by)) return 'self-approval';
  const scopes = matter.scopes.map(
    (scope): Scope => ({ ...scope, state: 'releasing', work: newWork('release', at, scope.work?.beat ?? 0) }),
  );
  return changed(
    matter,
    at,
    { release: { ...release, approvedBy: by, approvedAt: at }, scopes },
    { what: 'release approved', by },
  );
}

/** The work that a scope begins with. */
export function newWork(kind: ScopeWork['kind'], at: string, beat = 0): ScopeWork {
  return {
    kind,
    phase: kind === 'open' ? 'wait' : 'list',
    pass: 1,
    from: beat + 1,
    sent: [],
    since: at,
    beat: beat + 1,
    touched: at,
  };
}

/** A matter with a change, its next revision, and a line of its history where the change is one for people. */
export function changed(
  matter: Matter,
  at: string,
  change: Partial<Pick<Matter, 'release' | 'scopes'>>,
  line?: { readonly what: string; readonly by?: Person; readonly scope?: string },
): Matter {
  const history = line === undefined ? matter.history : [...matter.history, { at, ...line }];
  return { ...matter, ...change, revision: matter.revision + 1, history };
}

/** A matter with one of its scopes replaced. */
export function withScope(matter: Matter, scope: Scope, at: string, what?: string): Matter {
  const scopes = matter.scopes.map((one) => (one.id === scope.id ? scope : one));
  return changed(matter, at, { scopes }, what === undefined ? undefined : { what, scope: scope.id });
}
