/** The runs of a deployment: one document each, and a list of those that are not over. */
import * as z from 'zod';
import { HoldfastError } from '../errors.ts';
import { type Documents } from '../ports/documents.ts';
import { type Run, runSchema } from '../runs/run.ts';

const ACTIVE = 'runs/active.json';
const activeSchema = z.array(z.string());
const TRIES = 12;

/** A run with what is needed to replace it and nothing newer. */
export interface HeldRun {
  readonly run: Run;
  readonly etag: string;
}

export async function getRun(id: string, documents: Documents): Promise<HeldRun | undefined> {
  const document = await documents.get(runName(id));
  if (document === undefined) return undefined;
  const parsed = runSchema.safeParse(JSON.parse(document.body));
  if (parsed.success) return { run: parsed.data, etag: document.etag };
  throw new HoldfastError('bad-input', {
    what: `${runName(id)} cannot be read`,
    next: 'restore its last good version in the configuration bucket',
  });
}

/** @returns what replaces it next; undefined where somebody else was faster. */
export async function putRun(
  run: Run,
  expected: { readonly etag: string } | 'none',
  documents: Documents,
): Promise<{ readonly etag: string } | undefined> {
  return documents.put(runName(run.id), JSON.stringify(run), expected);
}

/** The ids of the runs that are not over. */
export async function activeRuns(documents: Documents): Promise<readonly string[]> {
  return (await readActive(documents)).ids;
}

export async function activate(id: string, documents: Documents): Promise<void> {
  await changeActive(documents, (ids) => [...ids.filter((one) => one !== id), id]);
}

export async function deactivate(id: string, documents: Documents): Promise<void> {
  await changeActive(documents, (ids) => ids.filter((one) => one !== id));
}

async function changeActive(
  documents: Documents,
  change: (ids: readonly string[]) => string[],
): Promise<void> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const { ids, expected } = await readActive(documents);
    if ((await documents.put(ACTIVE, JSON.stringify(change(ids)), expected)) !== undefined) return;
  }
  throw new HoldfastError('throttled', {
    what: `the list of runs could not be changed: ${TRIES} other writers were faster`,
    next: 'nothing is lost: it is tried again',
  });
}

async function readActive(
  documents: Documents,
): Promise<{ ids: readonly string[]; expected: { etag: string } | 'none' }> {
  const document = await documents.get(ACTIVE);
  if (document === undefined) return { ids: [], expected: 'none' };
  return { ids: activeSchema.parse(JSON.parse(document.body)), expected: { etag: document.etag } };
}

function runName(id: string): string {
  return `runs/${id}/run.json`;
}
