import type { Command } from 'commander';
import { FROM_THE_ENVIRONMENT, withConnection } from '../control-options.ts';
import type { BucketOptions } from '../run/bucket.ts';

const EXAMPLES = `
Every change is recorded. Nothing here touches a lock that a version already has.
${FROM_THE_ENVIRONMENT}

Examples:
  holdfast bucket create backups --mode GOVERNANCE --days 30 --audit-folder records
  holdfast bucket create backups --mode COMPLIANCE --protect 24 --buffer 6 --audit-folder records
  holdfast bucket enable acme-docs --mode GOVERNANCE --days 1 --audit my-audit-bucket
  holdfast bucket default acme-docs --none --yes --audit my-audit-bucket
  holdfast bucket adopt acme-docs --inventory-to acme-inventory --apply --audit my-audit-bucket
  holdfast bucket show acme-docs`;

export function addBucket(program: Command): void {
  const bucket = program
    .command('bucket')
    .description('make buckets with Object Lock, and set them up')
    .addHelpText('after', EXAMPLES);

  withRule(
    withRecords(bucket.command('create').description('make a bucket with Object Lock').argument('<bucket>')),
  )
    .addHelpText('after', EXAMPLES)
    .action(async (name: string, options: BucketOptions) =>
      (await import('../run/bucket.ts')).runCreate(name, options),
    );

  withRule(
    withRecords(
      bucket
        .command('enable')
        .description('give an existing bucket versioning, Object Lock and a default rule')
        .argument('<bucket>'),
    ),
  )
    .addHelpText('after', EXAMPLES)
    .action(async (name: string, options: BucketOptions) =>
      (await import('../run/bucket.ts')).runEnable(name, options),
    );

  withRule(
    withRecords(
      bucket.command('default').description('change what new uploads are locked with').argument('<bucket>'),
    ),
  )
    .option('--none', 'no default rule any more')
    .option('--yes', 'also where new uploads would be protected less than before')
    .addHelpText('after', EXAMPLES)
    .action(async (name: string, options: BucketOptions) =>
      (await import('../run/bucket.ts')).runDefault(name, options),
    );

  withRecords(
    bucket
      .command('adopt')
      .description('show what Holdfast needs of a bucket, and add it beside what is there')
      .argument('<bucket>'),
  )
    .option('--inventory-to <bucket>', 'where a daily listing of its versions is written')
    .option('--apply', 'do it; without, it is only shown')
    .addHelpText('after', EXAMPLES)
    .action(async (name: string, options: BucketOptions) =>
      (await import('../run/bucket.ts')).runAdopt(name, options),
    );

  withConnection(bucket.command('show').description('how a bucket is set up').argument('<bucket>'))
    .option('--json', 'print one JSON document')
    .addHelpText('after', EXAMPLES)
    .action(async (name: string, options: BucketOptions) =>
      (await import('../run/bucket.ts')).runShow(name, options),
    );
}

function withRule(command: Command): Command {
  return command
    .option('--mode <mode>', 'GOVERNANCE or COMPLIANCE: what new uploads are locked with by default')
    .option('--days <n>', 'for so many days')
    .option('--years <n>', 'for so many years')
    .option('--protect <days>', 'the protection that you promise, in days; with --buffer')
    .option('--buffer <days>', 'days added to it, since a backup chain outlives its last backup');
}

function withRecords(command: Command): Command {
  return withConnection(
    command
      .option('--audit <bucket>', 'the audit bucket, where the deed is recorded')
      .option('--audit-folder <folder>', 'record it in a folder instead, where there is no such bucket'),
  ).option('--json', 'print one JSON document');
}
