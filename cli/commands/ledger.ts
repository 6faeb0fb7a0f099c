import type { Command } from 'commander';
import { FROM_THE_ENVIRONMENT, withConnection } from '../control-options.ts';
import type { LedgerOptions } from '../run/ledger.ts';

const REBUILD = `
The ledger knows which matters are open and who needs the hold of which version. Where it was lost, all of that is
still in the records and on the rolls, under lock. Check the records first with holdfast audit verify, and stop the
functions that work on matters: what they do meanwhile would be missing. Titles and reasons are not in the ledger.
${FROM_THE_ENVIRONMENT}

Examples:
  holdfast ledger rebuild --audit acme-holdfast-audit --table holdfast-prod-LedgerTable-1ABC
  holdfast ledger rebuild --audit acme-holdfast-audit        # where the ledger is kept in the audit bucket`;

export function addLedger(program: Command): void {
  const ledger = program.command('ledger').description('which matters are open, and who needs which hold');
  withConnection(ledger.command('rebuild').description('build a lost ledger again from the records'))
    .option('--audit <bucket>', 'the audit bucket')
    .option('--table <name>', 'the table of the ledger; without it, it is kept in the audit bucket')
    .option('--table-endpoint <url>', 'where the table is, when it is not in AWS')
    .option('--json', 'print one JSON document')
    .addHelpText('after', REBUILD)
    .action(async (options: LedgerOptions) => {
      const { runRebuild } = await import('../run/ledger.ts');
      await runRebuild(options);
    });
}
