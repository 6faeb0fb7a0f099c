/** A matter as the API shows it: its state from the ledger, and what people call it, which can be erased. */
import { HoldfastError } from '../../errors.ts';
import { jsonOf } from '../../json.ts';
import {
  type Matter,
  type Particulars,
  particularsSchema,
  type Person,
  personName,
  type Scope,
  stateOf,
} from '../../matters/matter.ts';
import { type MatterView } from '../../matters/messages.ts';
import { type Documents } from '../../ports/documents.ts';
import { type Caller } from '../caller.ts';
import { type Held, readMatter } from './ledger-items.ts';
import { type HoldDeps } from './deps.ts';

/** Where titles, reasons and names are: not under lock, since they can be personal. */
const nameOf = (id: string): string => `matters/${id}.json`;
const TRIES = 12;

export async function readParticulars(id: string, documents: Documents): Promise<Particulars | undefined> {
  const document = await documents.get(nameOf(id));
  const parsed = particularsSchema.safeParse(jsonOf(document?.body ?? ''));
  return parsed.success ? parsed.data : undefined;
}

export async function changeParticulars(
  id: string,
  change: (before: Particulars) => Particulars,
  documents: Documents,
): Promise<void> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const document = await documents.get(nameOf(id));
    const parsed = particularsSchema.safeParse(jsonOf(document?.body ?? ''));
    const before = parsed.success ? parsed.data : { title: '', reason: '', names: {} };
    const expected = document === undefined ? 'none' : { etag: document.etag };
    if ((await documents.put(nameOf(id), JSON.stringify(change(before)), expected)) !== undefined) return;
  }
  throw new HoldfastError('throttled', {
    what: `the particulars of ${id} could not be changed: others were faster`,
    next: 'try again',
  });
}

/** Who acts, as records name it: never by the name. */
export function actorOf({ person }: Caller): string {
  return `api:${personName(person)}`;
}

/** With the name of whoever acts, as the token tells it. */
export function named(before: Particulars, { person, name }: Caller): Particulars {
  return name === undefined ? before : { ...before, names: { ...before.names, [personName(person)]: name } };
}

/**
 * @throws HoldfastError `no-such-matter` where there is none, or none that the caller may see: both look alike.
 */
export async function visibleMatter(
  id: string,
  { groups }: Caller,
  deps: Pick<HoldDeps, 'ledger'>,
): Promise<Held<Matter>> {
  const held = await readMatter(id, deps);
  if (held !== undefined && groups.includes(held.value.group)) return held;
  throw new HoldfastError('no-such-matter', {
    what: `there is no matter ${JSON.stringify(id)} that you may see`,
    next: 'see which there are with GET /matters, or holdfast matters list',
  });
}

export function viewOf(matter: Matter, particulars: Particulars | undefined): MatterView {
  const person = (one: Person): MatterView['openedBy'] => {
    const name = particulars?.names[personName(one)];
    return { ...one, ...(name !== undefined && { name }) };
  };
  const { release } = matter;
  const text = (value: string | undefined): string | null =>
    value === undefined || value === '' ? null : value;
  return {
    id: matter.id,
    title: text(particulars?.title),
    reason: text(particulars?.reason),
    group: matter.group,
    state: stateOf(matter),
    openedBy: person(matter.openedBy),
    openedAt: matter.openedAt,
    scopes: matter.scopes.map((scope) => scopeView(scope, person)),
    ...(release && {
      release: {
        reason: text(particulars?.releaseReason),
        askedBy: person(release.askedBy),
        askedAt: release.askedAt,
        ...(release.approvedBy && { approvedBy: person(release.approvedBy) }),
        ...(release.approvedAt !== undefined && { approvedAt: release.approvedAt }),
      },
    }),
    history: matter.history.map(({ by, ...line }) => ({ ...line, ...(by && { by: person(by) }) })),
  };
}

function scopeView(
  scope: Scope,
  person: (one: Person) => MatterView['openedBy'],
): MatterView['scopes'][number] {
  const { id, what, state, asOf, addedBy, addedAt, counts, released, work } = scope;
  return {
    id,
    ...(what.kind === 'selector' ? { selector: what.selector } : { named: what.versions }),
    state,
    ...(asOf !== undefined && { asOf }),
    addedBy: person(addedBy),
    addedAt,
    counts,
    ...(released && { released }),
    ...(work && { working: WORKING[work.kind][work.phase] }),
  };
}

const WORKING = {
  open: {
    wait: 'waiting until every function knows of it',
    list: 'listing versions',
    gather: 'placing holds',
    settle: 'waiting until nothing of an older release can land',
  },
  reconcile: {
    wait: 'about to look again',
    list: 'looking for versions that came meanwhile',
    gather: 'placing holds',
    settle: 'looking at every hold again',
  },
  release: {
    wait: 'about to release',
    list: 'sending what is to be released',
    gather: 'taking holds off',
    settle: 'waiting until nothing of ours can land',
  },
} as const;
