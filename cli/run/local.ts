/** Runs the local cloud until Ctrl-C; loaded only when somebody asks for it. */
import { dirname } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { Cloud } from '../../local/cloud.ts';
import { commandsToTry, holdsToTry, showRecords, startLocalCloud, untilStopped } from '../local-cloud.ts';
import { portOption } from '../options.ts';
import { paint, print } from '../output.ts';
import { policyOption } from '../policy-file.ts';

export interface LocalOptions {
  readonly port: string;
  readonly policy: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly records: string;
}

const BUCKET = 'demo';

/** Starts the cloud, says how to use it, and shows what is locked. */
export async function runLocal(options: LocalOptions): Promise<void> {
  const { rules } = policyOption(options.policy);
  const cloud = await startLocalCloud(
    {
      port: portOption(options.port),
      policyFile: options.policy,
      credentials: { accessKeyId: options.accessKey, secretAccessKey: options.secretKey },
    },
    options.records,
  );
  await makeBucket(cloud);
  print(
    `${paint('green', '✔')} local cloud on ${paint('bold', cloud.url)} (path style, region ${cloud.region})`,
  );
  print(`  credentials  ${options.accessKey} / ${options.secretKey}`);
  print(`  policy       ${options.policy} (rules: ${rules.map(({ name }) => name).join(', ')})`);
  print(`  bucket       ${BUCKET}, with Object Lock; any bucket made with Object Lock is managed`);
  print(`  records      ${options.records}`);
  print();
  print('Try in another terminal:');
  for (const line of commandsToTry(cloud, BUCKET)) print(`  ${line}`);
  for (const line of await holdsToTry(cloud, BUCKET, dirname(options.records))) print(`  ${line}`);
  print();
  print('Every upload is locked and shown here. Ctrl-C stops.');
  showRecords(cloud);
  await untilStopped();
  cloud.output.removeAllListeners('log');
  await cloud.close();
}

async function makeBucket({ url, region, credentials }: Cloud): Promise<void> {
  const client = new S3Client({ endpoint: url, region, credentials, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: BUCKET, ObjectLockEnabledForBucket: true }));
  client.destroy();
}
