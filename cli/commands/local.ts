import { resolve } from 'node:path';
import type { Command } from 'commander';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { commandsToTry, RECORDS, showRecords, startLocalCloud, untilStopped } from '../local-cloud.ts';
import { badOption } from '../options.ts';
import { paint, print } from '../output.ts';
import { policyOption } from '../policy-file.ts';

const DEFAULT_POLICY = resolve(import.meta.dirname, '../../local/tour/policy.yaml');
const BUCKET = 'demo';

interface LocalOptions {
  port: string;
  policy: string;
  accessKey: string;
  secretKey: string;
  records: string;
}

export function addLocal(program: Command): void {
  program
    .command('local')
    .description(
      'run the local cloud: an S3 that enforces Object Lock, and Holdfast locking what is uploaded to it',
    )
    .option('--port <port>', 'the port of the S3 endpoint on 127.0.0.1', '9000')
    .option('--policy <file>', 'the policy file', DEFAULT_POLICY)
    .option('--access-key <id>', 'the access key id that clients use', 'holdfast')
    .option('--secret-key <secret>', 'the secret access key that clients use', 'holdfast-secret')
    .option('--records <file>', 'where the records are kept, one JSON line each', RECORDS)
    .addHelpText(
      'after',
      '\nEverything is kept in memory and gone when it stops.\n\nExamples:\n  holdfast local --port 9000\n  holdfast local --policy policy.yaml',
    )
    .action(async (options: LocalOptions) => {
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
      print();
      print('Every upload is locked and shown here. Ctrl-C stops.');
      showRecords(cloud);
      await untilStopped();
      await cloud.close();
    });
}

export function portOption(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535)
    throw badOption('--port', text, 'give a number from 0 to 65535');
  return port;
}

async function makeBucket({
  url,
  region,
  credentials,
}: {
  url: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
}): Promise<void> {
  const client = new S3Client({ endpoint: url, region, credentials, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: BUCKET, ObjectLockEnabledForBucket: true }));
  client.destroy();
}
