import { type S3Client } from '@aws-sdk/client-s3';
import { DynamoLedger } from '../../lib/aws/dynamo-ledger.ts';
import { ObjectLedger } from '../../lib/aws/object-ledger.ts';
import { requireConditionalWrites } from '../../lib/aws/conditional-writes.ts';
import { s3Client } from '../../lib/aws/s3-client.ts';
import { makeBucket } from '../helpers/bucket.ts';
import { startLedgerTable } from '../helpers/dynalite.ts';
import { startEmbedded } from '../helpers/embedded.ts';
import { describeLedger, type LedgerUnderTest } from './ledger.contract.ts';

describeLedger('a table', async () => {
  const tables = await startLedgerTable();
  return {
    url: tables.url,
    losersHear: 'conflict',
    ledger: ({ url, ...options } = {}) => new DynamoLedger(tables.clientFor(url), tables.table, options),
    close: async () => tables.close(),
  };
});

describeLedger('objects of the embedded S3', async () => {
  const embedded = await startEmbedded();
  return objectsAt({
    url: embedded.s3.url,
    credentials: { accessKeyId: 'owner', secretAccessKey: 'secret' },
    kind: 'versioned',
    losersHear: 'conflict',
    stop: async () => embedded.close(),
  });
});

// A real server that nobody here wrote; test/servers/rgw-up.sh starts it, and CI always does.
const rgw = process.env.HOLDFAST_TEST_RGW;
if (rgw !== undefined) {
  describeLedger('objects of Ceph RGW', async () =>
    objectsAt({
      url: rgw,
      credentials: { accessKeyId: 'testaccess', secretAccessKey: 'testsecret' },
      // Where a bucket has versions, RGW 16 ignores conditions.
      kind: 'plain',
      losersHear: 'conflict or nothing',
      stop: async () => undefined,
    }),
  );
}

interface ObjectStore {
  readonly url: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly kind: 'versioned' | 'plain';
  readonly losersHear: LedgerUnderTest['losersHear'];
  readonly stop: () => Promise<void>;
}

async function objectsAt({
  url,
  credentials,
  kind,
  losersHear,
  stop,
}: ObjectStore): Promise<LedgerUnderTest> {
  const clients: S3Client[] = [];
  const clientFor = (endpoint: string): S3Client => {
    const client = s3Client({ endpoint, credentials });
    clients.push(client);
    return client;
  };
  const bucket = await makeBucket(clientFor(url), kind);
  const etags = await requireConditionalWrites(clientFor(url), bucket);
  return {
    url,
    losersHear,
    ledger: ({ url: endpoint = url, ...options } = {}) =>
      new ObjectLedger(clientFor(endpoint), bucket, { etags, ...options }),
    async close() {
      for (const client of clients) client.destroy();
      await stop();
    },
  };
}
