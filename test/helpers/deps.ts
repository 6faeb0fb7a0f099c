/** Use cases put together for a test: a real store behind a socket, records kept in memory, time in the test's hands. */
import { type S3Client } from '@aws-sdk/client-s3';
import { type LockDeps, type MessageDeps } from '../../lib/app/deps.ts';
import { S3Documents } from '../../lib/aws/s3-documents.ts';
import { type AuditRecord } from '../../lib/audit/record.ts';
import { S3LockStore } from '../../lib/aws/s3-lock-store.ts';
import { instantOf } from '../../lib/lock/instant.ts';
import { parsePolicy } from '../../lib/policy/parse.ts';
import { providerNamed } from '../../lib/providers/index.ts';

export interface TestDeps extends MessageDeps, LockDeps {
  readonly records: AuditRecord[];
  /** How long the use case asked to wait, one entry each time. */
  readonly waits: number[];
  readonly delayed: { body: string; seconds: number; waits: number }[];
}

export interface TestDepsOptions {
  readonly client: S3Client;
  readonly policy: string;
  readonly provider?: string;
  readonly now?: () => number;
  readonly budget?: number;
  /** The bucket of shared documents, where the test needs one. */
  readonly config?: string;
}

export function testDeps({
  client,
  policy,
  provider = 'aws',
  now = Date.now,
  budget,
  config = 'no-config-here',
}: TestDepsOptions): TestDeps {
  const parsed = parsePolicy(policy, { hash: 'policy-hash' });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const records: AuditRecord[] = [];
  const waits: number[] = [];
  const delayed: { body: string; seconds: number; waits: number }[] = [];
  const { policy: compiled } = parsed;
  let ids = 0;
  return {
    store: new S3LockStore({
      client,
      provider: providerNamed(provider),
      ...(budget !== undefined && { budget }),
    }),
    policy: compiled,
    policies: { current: async () => compiled },
    brake: { pausedBecause: async () => undefined, admit: async () => undefined },
    documents: new S3Documents(client, config),
    audit: {
      append: async (record) => {
        records.push(record);
      },
    },
    clock: {
      now: () => instantOf(now()),
      wait: async (milliseconds) => {
        waits.push(milliseconds);
      },
    },
    queue: {
      sendLater: async (body, seconds, waits) => {
        delayed.push({ body, seconds, waits });
      },
    },
    actor: 'test',
    newId: () => String((ids += 1)),
    manages: (bucket) => bucket !== 'not-ours',
    records,
    waits,
    delayed,
  };
}

/** A policy of one rule, called r. */
export function onePolicy(lock: string, more = ''): string {
  return `version: 1\nrules:\n  - name: r\n${more}    lock: ${lock}\n`;
}
