/** The shape of a plan on disk, as far as whoever applies it relies on it. */
import * as z from 'zod';
import { type Plan } from '../plan/plan.ts';

const count = z.number().int().nonnegative();

/** Shown and hashed, and decided upon by nobody: the id of the plan holds it together. */
const part = <T>(): z.ZodType<T> => z.custom<T>((value) => typeof value === 'object' && value !== null);

const plan = z.object({
  version: z.literal(1),
  id: z.string().regex(/^plan-[0-9a-f]{16}$/),
  policy: z.object({ hash: z.string(), path: z.string().optional(), maximum: z.string().optional() }),
  listing: z.object({
    kind: z.enum(['inventory', 'list', 'keys']),
    source: z.string(),
    asOf: z.string(),
    fingerprint: z.string(),
  }),
  goodUntil: z.string(),
  tolerance: z.number().nonnegative(),
  totals: part<Plan['totals']>(),
  lines: z.array(part<Plan['lines'][number]>()),
  groups: z.array(
    z.object({
      id: z.string().regex(/^g\d{3,}$/),
      bucket: z.string().min(1),
      to: z.enum(['GOVERNANCE', 'COMPLIANCE', 'hold']),
      until: z.string().optional(),
      route: z.enum(['plain', 'urgent', 'recheck', 'own-date']),
      engine: z.enum(['batch', 'batch-function', 'direct']),
      versions: count,
      bytes: z.number().nonnegative(),
    }),
  ),
  staysWrong: z.array(part<Plan['staysWrong'][number]>()),
  changes: part<Plan['changes']>(),
  cost: part<Plan['cost']>(),
});

export const storedPlanSchema = z.object({
  plan,
  /** Holds all of it together: SHA-256, hex. */
  seal: z.string(),
  manifests: z.record(z.string(), z.object({ rows: count, sha256: z.string().regex(/^[0-9a-f]{64}$/) })),
});
