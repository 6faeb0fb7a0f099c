/** The last act of the tour: the records that the other acts left are checked as an auditor would. */
import { verifyBatches, type FoundBatch } from '../lib/audit/verify.ts';
import { s3Client } from '../lib/aws/s3-client.ts';
import { S3AuditStore } from '../lib/aws/s3-audit-store.ts';
import type { Cloud } from '../local/cloud.ts';
import type { Act, RefusalRow } from '../local/tour/tour.ts';

export async function verifyAct(cloud: Cloud): Promise<Act<RefusalRow>> {
  const { url: endpoint, credentials } = cloud.control;
  const client = s3Client({ endpoint, credentials });
  const found: FoundBatch[] = [];
  const store = new S3AuditStore({ client, bucket: cloud.bucketOf('AuditBucket') });
  for await (const batch of store.read()) found.push(batch);
  client.destroy();

  const { batches, records, writers, findings } = verifyBatches(found);
  const whole = findings.length === 0 && records > 0;
  const rows: RefusalRow[] = [
    {
      tried: 'audit verify',
      must: 'every chain whole',
      answered: `${records} records of ${writers} writers in ${batches} batches, ${findings.length} findings`,
      ok: whole,
    },
    ...findings.map(({ fault, batch, detail }) => ({
      tried: batch,
      must: 'whole',
      answered: `${fault}: ${detail}`,
      ok: false,
    })),
  ];
  return { name: 'the records, checked as an auditor would', rows, ok: whole };
}
