/** What the HTTP API takes and answers: the schemas that validate it, and that docs/API.md and /openapi.json show. */
import * as z from 'zod';
import { SCOPE_STATES, selectorSchema } from './matter.ts';
import { PLACED, RELEASED } from './roll.ts';

const line = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    // Control characters would end up in a certificate, and in terminals.
    .regex(/^[^\p{Cc}]*$/u, { error: 'one line, without control characters' });

const bucket = z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, { error: 'the name of one bucket' });
const key = z
  .string()
  .min(1)
  .max(1024)
  .refine((text) => Buffer.byteLength(text) <= 1024, { error: 'a key has 1,024 bytes at most, in UTF-8' });
const versionId = z.string().min(1).max(1024);
const instant = z.iso.datetime({ offset: true }).meta({ examples: ['2026-11-20T09:00:00Z'] });

export const versionSchema = z
  .strictObject({ bucket, key, versionId: versionId.optional() })
  .meta({ id: 'Version', description: 'One object version; without versionId, all versions of the key.' });

/** The most versions that one request may name one by one. */
export const MOST_NAMED = 100;

export const scopeRequestSchema = z
  .union([
    z.strictObject({ selector: selectorSchema }),
    z.strictObject({ versions: z.array(versionSchema).min(1).max(MOST_NAMED) }),
  ])
  .meta({ id: 'ScopeRequest', description: 'Which versions: a selector, or up to 100 versions by name.' });
export type ScopeRequest = z.infer<typeof scopeRequestSchema>;

export const previewRequestSchema = z
  .strictObject({ scope: scopeRequestSchema })
  .meta({ id: 'PreviewRequest' });

const allowEmpty = z
  .boolean()
  .optional()
  .describe('Opens over a selector that covers nothing yet, for what will be uploaded.');

export const openRequestSchema = z
  .strictObject({
    title: line(200),
    reason: line(2000),
    group: line(100).optional().describe('Who may see it; may be left out by whoever belongs to one group.'),
    scope: scopeRequestSchema,
    allowEmpty,
  })
  .meta({ id: 'OpenRequest' });
export type OpenRequest = z.infer<typeof openRequestSchema>;

export const widenRequestSchema = z
  .strictObject({ scope: scopeRequestSchema, allowEmpty })
  .meta({ id: 'WidenRequest' });
export type WidenRequest = z.infer<typeof widenRequestSchema>;
export const releaseRequestSchema = z.strictObject({ reason: line(2000) }).meta({ id: 'ReleaseRequest' });

export const previewSchema = z
  .object({
    versions: z.number(),
    bytes: z.number(),
    /** The counts are lower bounds: looking took too long. */
    more: z.boolean(),
    samples: z.array(z.string()).max(20),
    requests: z.number(),
    usd: z.number(),
  })
  .meta({ id: 'Preview' });
export type Preview = z.infer<typeof previewSchema>;

const person = z
  .object({ issuer: z.string(), subject: z.string(), name: z.string().optional() })
  .meta({ id: 'Person' });

const scopeSchema = z
  .object({
    id: z.string(),
    selector: selectorSchema.optional(),
    named: z.number().optional().describe('How many versions were named one by one.'),
    state: z.enum(SCOPE_STATES),
    asOf: instant.optional().describe('Every version that existed then and is covered is ON.'),
    addedBy: person,
    addedAt: instant,
    counts: z.object({ versions: z.number(), bytes: z.number(), on: z.number(), exceptions: z.number() }),
    released: z
      .object({
        off: z.number(),
        needed: z.number(),
        notOurs: z.number(),
        gone: z.number(),
        failed: z.number(),
      })
      .optional(),
    working: z.string().optional().describe('What is being done at present.'),
  })
  .meta({ id: 'Scope' });

const exceptionSchema = z
  .object({
    bucket: z.string(),
    key: z.string(),
    versionId: z.string(),
    outcome: z.enum([...PLACED, ...RELEASED]),
    detail: z.string().optional(),
  })
  .meta({ id: 'Exception' });

export const matterViewSchema = z
  .object({
    id: z.string(),
    title: z.string().nullable().describe('null when it was erased.'),
    reason: z.string().nullable(),
    group: z.string(),
    state: z.enum([...SCOPE_STATES, 'release asked']),
    openedBy: person,
    openedAt: instant,
    scopes: z.array(scopeSchema),
    release: z
      .object({
        reason: z.string().nullable(),
        askedBy: person,
        askedAt: instant,
        approvedBy: person.optional(),
        approvedAt: instant.optional(),
      })
      .optional(),
    history: z.array(
      z.object({ at: instant, what: z.string(), by: person.optional(), scope: z.string().optional() }),
    ),
    unprocessed: z
      .number()
      .optional()
      .describe(
        'Events of uploads that wait in the queue: versions of the last moments may not be held yet.',
      ),
    exceptions: z.array(exceptionSchema).optional().describe('The first 100; all of them are on the roll.'),
  })
  .meta({ id: 'Matter' });
export type MatterView = z.infer<typeof matterViewSchema>;

export const matterListSchema = z
  .object({ matters: z.array(matterViewSchema), next: z.string().optional() })
  .meta({ id: 'MatterList' });

export const forecastSchema = z
  .object({
    /** Only the first versions of the roll were looked at: the counts are of those. */
    looked: z.number(),
    of: z.number(),
    atOnce: z.number().describe('Nothing keeps them any more: whoever may delete can.'),
    byLifecycle: z.array(
      z.object({ bucket: z.string(), rule: z.string(), versions: z.number(), when: z.string() }),
    ),
    retained: z.number().describe('A retention date keeps them.'),
    held: z.number().describe('Another matter, an event hold or somebody else keeps them ON.'),
    gone: z.number(),
  })
  .meta({ id: 'Forecast' });
export type Forecast = z.infer<typeof forecastSchema>;

export const releaseAnswerSchema = z
  .object({ matter: matterViewSchema, deletable: forecastSchema })
  .meta({ id: 'ReleaseAnswer' });

export const lockViewSchema = z
  .object({
    bucket: z.string(),
    key: z.string(),
    versionId: z.string(),
    created: instant,
    size: z.number().nullable(),
    mode: z.enum(['GOVERNANCE', 'COMPLIANCE', 'none', 'absent']),
    until: instant.optional(),
    eventHold: z.boolean(),
    hold: z.enum(['on', 'none', 'absent']),
    matters: z
      .array(z.string())
      .describe('The open matters that need its hold, as far as the caller may see them.'),
    others: z.number().describe('How many more need it.'),
  })
  .meta({ id: 'Lock' });
export type LockView = z.infer<typeof lockViewSchema>;

export const eventRequestSchema = z
  .strictObject({
    event: line(100).describe('The name that rules wait for: from: { event: employment-ended }.'),
    action: z
      .enum(['release', 'hold'])
      .describe('release: it happened, dates are fixed. hold: it is undone, hold again.'),
    scope: scopeRequestSchema,
  })
  .meta({ id: 'EventRequest' });
export type EventRequest = z.infer<typeof eventRequestSchema>;

export const pagesSchema = z
  .object({
    pages: z.array(z.object({ name: z.string(), sha256: z.string() })),
    next: z.string().optional(),
  })
  .meta({ id: 'RollPages', description: 'The pages of the roll as they lie in the records bucket.' });

export const eventAnswerSchema = z
  .object({
    id: z.string(),
    state: z.enum(['done', 'working']),
    versions: z.number(),
    counts: z.record(z.string(), z.number()),
    results: z.array(
      z.object({
        bucket: z.string(),
        key: z.string(),
        versionId: z.string(),
        outcome: z.string(),
        until: instant.optional(),
        detail: z.string().optional(),
      }),
    ),
  })
  .meta({ id: 'EventAnswer' });
export type EventAnswer = z.infer<typeof eventAnswerSchema>;

export const runViewSchema = z
  .object({
    id: z.string(),
    state: z.string(),
    plan: z.string(),
    source: z.string(),
    started: instant,
    ended: instant.optional(),
    versions: z.number(),
    waitsFor: z.array(z.string()),
    approvedBy: z.string().optional(),
    groups: z.record(
      z.string(),
      z.object({
        engine: z.string(),
        state: z.string(),
        versions: z.number(),
        failed: z.number().optional(),
      }),
    ),
  })
  .meta({ id: 'Run' });
export type RunView = z.infer<typeof runViewSchema>;

/** Problem details as RFC 9457 has them. */
export const problemSchema = z
  .object({
    type: z.string().describe('urn:holdfast: and the code.'),
    title: z.string(),
    status: z.number(),
    code: z.string().describe('Stable: scripts may rely on it.'),
    detail: z.string(),
    next: z.string().describe('What to do.'),
    instance: z.string().describe('The id of the request, as records and logs have it.'),
    faults: z.array(z.object({ field: z.string(), rule: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof problemSchema>;
