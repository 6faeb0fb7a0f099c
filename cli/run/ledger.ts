/** Builds a lost ledger again; loaded only when somebody asks for it. */
import { createHash } from 'node:crypto';
import { rebuildLedger } from '../../lib/app/matters/rebuild-ledger.ts';
import { requireConditionalWrites } from '../../lib/aws/conditional-writes.ts';
import { dynamoClient } from '../../lib/aws/dynamo-client.ts';
import { DynamoLedger } from '../../lib/aws/dynamo-ledger.ts';
import { ObjectLedger } from '../../lib/aws/object-ledger.ts';
import { S3RollStore } from '../../lib/aws/s3-roll-store.ts';
import { systemClock } from '../../lib/aws/system-clock.ts';
import { HoldfastError } from '../../lib/errors.ts';
import { type Ledger } from '../../lib/ports/ledger.ts';
import { clientOf, ownerOf } from '../control.ts';
import { type ConnectionOptions, given } from '../control-options.ts';
import { print, printJson, visible } from '../output.ts';
import { count } from '../plan-text.ts';
import { openSource, recordsOf } from '../record-source.ts';

export interface LedgerOptions extends ConnectionOptions {
  readonly audit?: string;
  readonly table?: string;
  readonly tableEndpoint?: string;
  readonly json?: true;
}

/** So many pages are named; the rest is counted. */
const NAMED = 10;

export async function runRebuild(options: LedgerOptions): Promise<void> {
  const audit = given(options.audit, 'HOLDFAST_AUDIT_BUCKET');
  if (audit === undefined) {
    throw new HoldfastError('bad-input', {
      what: 'no audit bucket was named, where the records and the rolls are',
      next: 'name it with --audit or HOLDFAST_AUDIT_BUCKET',
    });
  }
  const source = openSource({ ...options, audit });
  const rebuilt = await rebuildLedger(allRecords(source), {
    ledger: await ledgerOf(options, audit),
    rolls: new S3RollStore(clientOf(options), audit, ownerOf(options)),
    hash: (text) => createHash('sha256').update(text).digest('hex'),
    now: systemClock.now(),
  });
  if (options.json === true) {
    printJson(rebuilt);
    return;
  }
  const { matters, open, claims, unrecorded } = rebuilt;
  print(
    `built again: ${count(matters)} matters, ${count(open)} of them open, with ${count(claims)} claims on versions`,
  );
  for (const name of unrecorded.slice(0, NAMED))
    print(`  no record names ${visible(name)}, and it was taken as it is`);
  if (unrecorded.length > NAMED) print(`  … and ${count(unrecorded.length - NAMED)} more`);
  print(
    'Every hold is looked at again when it is due; to have it looked at now, run the function onReconcile.',
  );
}

async function* allRecords(
  source: ReturnType<typeof openSource>,
): AsyncGenerator<Readonly<Record<string, unknown>>> {
  for await (const batch of source.readFrom(undefined))
    for (const { record } of recordsOf(batch)) yield record;
}

async function ledgerOf(options: LedgerOptions, audit: string): Promise<Ledger> {
  const { table, tableEndpoint, region } = options;
  if (table !== undefined) {
    const endpoint = given(tableEndpoint, 'AWS_ENDPOINT_URL_DYNAMODB');
    const connection = {
      ...(endpoint !== undefined && { endpoint }),
      ...(region !== undefined && { region }),
    };
    return new DynamoLedger(dynamoClient(connection), table);
  }
  const client = clientOf(options);
  const owner = ownerOf(options);
  const etags = await requireConditionalWrites(client, audit, owner);
  return new ObjectLedger(client, audit, {
    etags,
    ...(owner !== undefined && { expectedBucketOwner: owner }),
  });
}
