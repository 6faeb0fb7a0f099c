/** Messages that can never be handled are put aside, with their reason, where somebody can look at them. */
import { formatInstant } from '../lock/instant.ts';
import { type Documents } from '../ports/documents.ts';
import { recordDeed } from './record-deed.ts';
import { type RecordDeps } from './record-deps.ts';

/**
 * Parks a message: its body and the reason become one document, and a record says where.
 * Parking the same message again writes the same document.
 *
 * @returns the name of the document.
 */
export async function parkMessage(
  { body, messageId, reason }: { readonly body: string; readonly messageId: string; readonly reason: string },
  deps: RecordDeps & { readonly documents: Documents },
): Promise<string> {
  const now = deps.clock.now();
  const time = formatInstant(now);
  // Message ids come from the queue; whatever else may stand there must not choose a path.
  const parkedAs = `parked/${time.slice(0, 10)}/${messageId.replaceAll(/[^A-Za-z0-9-]/g, '_').slice(0, 128)}.json`;
  await deps.documents.put(
    parkedAs,
    `${JSON.stringify({ reason, messageId, parkedAt: time, body }, undefined, 2)}\n`,
    'any',
  );
  await recordDeed({ action: 'parked', parkedAs, cause: messageId, detail: reason }, deps, now);
  return parkedAs;
}
