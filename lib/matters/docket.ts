/** The docket: which matters are open. One small item, read by everybody who places or clears a hold. */
import * as z from 'zod';

export const docketSchema = z.object({
  /** Grows with every change. */
  generation: z.number().int().nonnegative(),
  /** The name of this ledger, for ever: two Holdfasts on one bucket tell each other apart by it. */
  epoch: z.string().min(1),
  /** The ids of the matters whose release is not approved, in the order of their opening. */
  open: z.array(z.string()),
});

export type Docket = Readonly<z.infer<typeof docketSchema>>;

export function newDocket(epoch: string): Docket {
  return { generation: 0, epoch, open: [] };
}

/** With a matter on it, and always of a new generation: what an open matter covers may have grown. */
export function withOpen(docket: Docket, matter: string): Docket {
  const open = docket.open.includes(matter) ? docket.open : [...docket.open, matter];
  return { ...docket, generation: docket.generation + 1, open };
}

export function withoutOpen(docket: Docket, matter: string): Docket {
  if (!docket.open.includes(matter)) return docket;
  return {
    ...docket,
    generation: docket.generation + 1,
    open: docket.open.filter((one) => one !== matter),
  };
}
