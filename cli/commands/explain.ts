import type { Command } from 'commander';
import type { ExplainOptions } from '../run/explain.ts';

const EXAMPLES = `
Reads one version and changes nothing. Credentials come from the environment, as for aws-cli.

Examples:
  holdfast explain s3://acme-docs/invoices/1001.pdf --policy policy.yaml
  holdfast explain s3://acme-docs/a.csv --version-id=-x9 --policy policy.yaml --endpoint http://127.0.0.1:9000 --json`;

export function addExplain(program: Command): void {
  program
    .command('explain')
    .description('why does a stored version get the lock it gets? (reads one version)')
    .argument('<object>', 's3://bucket/key')
    .requiredOption('--policy <file>', 'the policy file')
    .option('--version-id <id>', 'the version; the current one when left out')
    .option('--endpoint <url>', 'an S3-compatible store')
    .option('--region <name>', 'its region')
    .option('--provider <name>', 'what kind of store: aws, ceph-rgw, ovh, generic')
    .option('--maximum <period>', "the deployment's cap, such as P12Y")
    .option('--json', 'print one JSON document')
    .addHelpText('after', EXAMPLES)
    .action(async (object: string, options: ExplainOptions) => {
      const { runExplain } = await import('../run/explain.ts');
      await runExplain(object, options);
    });
}
