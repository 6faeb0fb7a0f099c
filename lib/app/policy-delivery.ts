/** Policies in force: a pointer to one stored version of the policy file, moved by activation and rollback. */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { type DeedRecord } from '../audit/record.ts';
import { HoldfastError } from '../errors.ts';
import { jsonOf } from '../json.ts';
import { formatInstant } from '../lock/instant.ts';
import { comparePolicies, type PolicyChange } from '../policy/compare.ts';
import { parsePolicy, type ParsedPolicy, type ParseOptions } from '../policy/parse.ts';
import { type PolicyFile } from '../policy/schema.ts';
import { type Documents, type Expected } from '../ports/documents.ts';
import { recordDeed } from './record-deed.ts';
import { type RecordDeps } from './record-deps.ts';

export const POINTER = 'policy/active.json';
export const FILE = 'policy/policy.yaml';
/** How far back a rollback can go. */
const KEPT = 20;

const entry = z.object({
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  /** The version of the policy file that is meant. */
  versionId: z.string().min(1),
  at: z.string(),
  by: z.string(),
});
const pointerSchema = z.object({ active: entry, before: z.array(entry) });

export type PolicyPointer = z.infer<typeof pointerSchema>;
export type PolicyEntry = z.infer<typeof entry>;

export interface DeliveryDeps extends RecordDeps {
  readonly documents: Documents;
  /** How a policy is read here: the deployment's cap, and what a rule does that does not say. */
  readonly reading: Omit<ParseOptions, 'hash'>;
}

export interface Delivered {
  readonly pointer: PolicyPointer;
  readonly changes: readonly PolicyChange[];
}

/** The pointer and its policy as they are; `undefined` where none was ever activated. */
export async function showPolicy(
  deps: Pick<DeliveryDeps, 'documents' | 'reading'>,
): Promise<{ pointer: PolicyPointer; etag: string; text: string; parsed: ParsedPolicy } | undefined> {
  const stored = await readPointer(deps.documents);
  if (stored === undefined) return undefined;
  const text = await readVersion(deps.documents, stored.pointer.active);
  return { ...stored, text, parsed: readText(text, deps.reading) };
}

/**
 * Puts a policy into force: stores its file as a version, then moves the pointer to it.
 *
 * A broken file is refused and changes nothing. What is locked stays locked, whatever the new rules say.
 *
 * @throws HoldfastError `bad-policy` with the faults, or `moved` when somebody else activated meanwhile.
 */
export async function activatePolicy(text: string, deps: DeliveryDeps): Promise<Delivered> {
  const after = validFile(text, deps);
  const current = await readPointer(deps.documents);
  const written = await deps.documents.put(FILE, text, 'any');
  if (written?.versionId === undefined || written.versionId === 'null') {
    throw new HoldfastError('bad-input', {
      what: 'the configuration bucket keeps no versions',
      next: 'enable versioning on it: a pointer names one version of the policy',
    });
  }
  const old = current && (await fileAt(current.pointer.active, deps));
  const active = newEntry(hashOf(text), written.versionId, deps);
  const before =
    current === undefined ? [] : [current.pointer.active, ...current.pointer.before].slice(0, KEPT);
  const pointer = { active, before };
  await movePointer(
    pointer,
    current === undefined ? 'none' : { etag: current.etag },
    'policy-activated',
    deps,
  );
  return {
    pointer,
    changes: comparePolicies(old, after),
  };
}

/**
 * Puts the policy back into force that was active before the present one.
 *
 * @throws HoldfastError `bad-input` when there is none before it, `moved` when somebody else moved the pointer.
 */
export async function rollbackPolicy(deps: DeliveryDeps): Promise<Delivered> {
  const current = await readPointer(deps.documents);
  const [previous, ...earlier] = current?.pointer.before ?? [];
  if (current === undefined || previous === undefined) {
    throw new HoldfastError('bad-input', {
      what: 'no policy was active before this one',
      next: 'activate the policy that you want with holdfast policy activate',
    });
  }
  const after = validFile(await readVersion(deps.documents, previous), deps);
  const old = await fileAt(current.pointer.active, deps);
  const pointer = { active: newEntry(previous.hash, previous.versionId, deps), before: earlier };
  await movePointer(pointer, { etag: current.etag }, 'policy-rolled-back', deps);
  return { pointer, changes: comparePolicies(old, after) };
}

/** The pointer as it is stored. */
export async function readPointer(
  documents: Documents,
): Promise<{ pointer: PolicyPointer; etag: string } | undefined> {
  const document = await documents.get(POINTER);
  if (document === undefined) return undefined;
  const parsed = pointerSchema.safeParse(jsonOf(document.body));
  if (parsed.success) return { pointer: parsed.data, etag: document.etag };
  throw new HoldfastError('bad-policy', {
    what: `${POINTER} is not a pointer to a policy`,
    next: 'restore its last good version in the configuration bucket',
  });
}

/**
 * The text that a pointer means.
 *
 * @throws HoldfastError `bad-policy` when it is gone, or is not the text that was activated.
 */
export async function readVersion(documents: Documents, { versionId, hash }: PolicyEntry): Promise<string> {
  const document = await documents.get(FILE, versionId);
  if (document !== undefined && hashOf(document.body) === hash) return document.body;
  throw new HoldfastError('bad-policy', {
    what: `${FILE} version ${versionId} ${document === undefined ? 'is gone' : 'is not the text that was activated'}`,
    next: 'activate the policy again with holdfast policy activate',
  });
}

export function readText(text: string, reading: DeliveryDeps['reading']): ParsedPolicy {
  return parsePolicy(text, { ...reading, hash: hashOf(text) });
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function validFile(text: string, { reading }: DeliveryDeps): PolicyFile {
  const parsed = readText(text, reading);
  if (parsed.ok) return parsed.file;
  const faults = parsed.problems.map(({ line, column, message }) => `line ${line}:${column}: ${message}`);
  throw new HoldfastError('bad-policy', {
    what: faults.join('\n'),
    next: 'mend the file; the policy in force stays as it is',
  });
}

/** The policy that an entry means; one that is gone or broken is there to be replaced, not to stand in the way. */
async function fileAt(
  entryOf: PolicyEntry,
  { documents, reading }: DeliveryDeps,
): Promise<PolicyFile | undefined> {
  try {
    const parsed = readText(await readVersion(documents, entryOf), reading);
    return parsed.ok ? parsed.file : undefined;
  } catch (error) {
    if (error instanceof HoldfastError) return undefined;
    throw error;
  }
}

function newEntry(hash: string, versionId: string, { clock, actor }: DeliveryDeps): PolicyEntry {
  return { hash, versionId, at: formatInstant(clock.now()), by: actor };
}

async function movePointer(
  pointer: PolicyPointer,
  expected: Expected,
  action: DeedRecord['action'],
  deps: DeliveryDeps,
): Promise<void> {
  const { documents } = deps;
  const text = `${JSON.stringify(pointer, undefined, 2)}
`;
  const moved = await documents.put(POINTER, text, expected);
  // Our own write, whose answer was lost, looks like somebody else's; what is stored now tells.
  if (moved === undefined && (await documents.get(POINTER))?.body !== text) {
    throw new HoldfastError('moved', {
      what: 'somebody else moved the policy pointer at the same moment',
      next: 'look with holdfast policy show, and run it again if it is still wanted',
    });
  }
  const { hash: policy, versionId } = pointer.active;
  await recordDeed({ action, policy, detail: `version ${versionId}` }, deps);
}
