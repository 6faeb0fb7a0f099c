import type { Command } from 'commander';
import type { ExplainOptions } from '../run/explain.ts';
import { withStore } from '../store-options.ts';

const EXAMPLES = `
Reads one version and changes nothing. Credentials come from the environment, as for aws-cli.

Examples:
  holdfast explain s3://acme-docs/invoices/1001.pdf --policy policy.yaml
  holdfast explain s3://acme-docs/a.csv --version-id=-x9 --policy policy.yaml --endpoint http://127.0.0.1:9000 --json`;

export function addExplain(program: Command): void {
  withStore(
    program
      .command('explain')
      .description('why does a stored version get the lock it gets? (reads one version)')
      .argument('<object>', 's3://bucket/key')
      .requiredOption('--policy <file>', 'the policy file')
      .option('--version-id <id>', 'the version; the current one when left out')
      .option('--maximum <period>', "the deployment's cap, such as P12Y"),
  )
    .addHelpText('after', EXAMPLES)
    .action(async (object: string, options: ExplainOptions) => {
      const { runExplain } = await import('../run/explain.ts');
      await runExplain(object, options);
    });
}
