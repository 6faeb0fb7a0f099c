/** What holds are compared with: the bare requests, and a script that looks before and after. */
import { GetObjectLegalHoldCommand, PutObjectLegalHoldCommand, type S3Client } from '@aws-sdk/client-s3';
import { type VersionRef } from '../lib/ports/lock-store.ts';
import { atOnce } from './direct-store.ts';

export type Bit = 'ON' | 'OFF';

/** Sets the bit of every version, and answers how many milliseconds that took. */
export type Script = (refs: readonly VersionRef[], bit: Bit) => Promise<number>;

/** One request for each version. */
export function bareScript(clients: readonly S3Client[]): Script {
  return script(clients, set);
}

/** Looks, sets what is not set, and reads it back. */
export function carefulScript(clients: readonly S3Client[]): Script {
  return script(clients, async (client, ref, bit) => {
    if ((await look(client, ref)) === bit) return;
    await set(client, ref, bit);
    if ((await look(client, ref)) !== bit) throw new Error(`${ref.key} is not ${bit}`);
  });
}

function script(
  clients: readonly S3Client[],
  work: (client: S3Client, ref: VersionRef, bit: Bit) => Promise<void>,
): Script {
  return async (refs, bit) => {
    const start = performance.now();
    // All lanes of all clients draw from one iterator, as functions draw from one queue.
    const items = refs.values();
    await Promise.all(clients.map(async (client) => atOnce(items, async (ref) => work(client, ref, bit))));
    return performance.now() - start;
  };
}

async function set(client: S3Client, ref: VersionRef, Status: Bit): Promise<void> {
  await client.send(new PutObjectLegalHoldCommand({ ...inputOf(ref), LegalHold: { Status } }));
}

async function look(client: S3Client, ref: VersionRef): Promise<string | undefined> {
  const { LegalHold } = await client.send(new GetObjectLegalHoldCommand(inputOf(ref)));
  return LegalHold?.Status;
}

function inputOf({ bucket, key, versionId }: VersionRef): { Bucket: string; Key: string; VersionId: string } {
  return { Bucket: bucket, Key: key, VersionId: versionId };
}
