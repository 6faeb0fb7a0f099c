import type { Command } from 'commander';
import type { LsOptions } from '../run/ls.ts';
import type { StatusOptions } from '../run/status.ts';
import { withStore } from '../store-options.ts';

const STATUS = `
Reads one version and changes nothing: its lock, whether a delete marker hides it, and who could delete it.
Credentials come from the environment, as for aws-cli.

Examples:
  holdfast status s3://acme-docs/invoices/1001.pdf
  holdfast status s3://acme-docs/a.csv --version-id=-x9 --endpoint http://127.0.0.1:9000 --json`;

const LS = `
Keys in the order of the store, the versions of each newest first. Listings tell no locks: each costs a HEAD of
its own. They are shown for up to 1,000 versions; for more, ask with --locks.

Examples:
  holdfast ls s3://acme-docs/invoices/
  holdfast ls s3://acme-docs --locks --json`;

export function addStatus(program: Command): void {
  withStore(
    program
      .command('status')
      .description('one version in full: its lock, and who could delete it')
      .argument('<object>', 's3://bucket/key')
      .option('--version-id <id>', 'the version; the current one when left out'),
  )
    .addHelpText('after', STATUS)
    .action(async (object: string, options: StatusOptions) => {
      const { runStatus } = await import('../run/status.ts');
      await runStatus(object, options);
    });

  withStore(
    program
      .command('ls')
      .description('all versions under a prefix, delete markers and locks included')
      .argument('<prefix>', 's3://bucket/prefix')
      .option('--locks', 'read the locks of more than 1,000 versions too: a HEAD each')
      .option('--no-locks', 'read no locks'),
  )
    .addHelpText('after', LS)
    .action(async (prefix: string, options: LsOptions) => {
      const { runLs } = await import('../run/ls.ts');
      await runLs(prefix, options);
    });
}
