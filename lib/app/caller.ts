/** Who asks the HTTP API, as far as use cases must know. */
import { HoldfastError } from '../errors.ts';
import { type Person } from '../matters/matter.ts';

/** What a token allows. Machines never approve. */
export const ACCESS = ['matters:read', 'matters:write', 'matters:approve', 'runs:approve'] as const;
export type Access = (typeof ACCESS)[number];

export interface Caller {
  readonly person: Person;
  /** As the token tells it, for people to read; never in a record. */
  readonly name?: string;
  /** The groups of owners whose matters the caller may see. */
  readonly groups: readonly string[];
  readonly access: ReadonlySet<Access>;
}

/** @throws HoldfastError `not-allowed` */
export function requireAccess({ access }: Caller, wanted: Access): void {
  if (access.has(wanted)) return;
  throw new HoldfastError('not-allowed', {
    what: `this needs the scope ${wanted}`,
    next: 'ask for a token with that scope',
  });
}
