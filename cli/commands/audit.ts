import type { Command } from 'commander';
import type { SearchOptions } from '../run/audit-search.ts';
import type { TailOptions } from '../run/audit-tail.ts';
import type { VerifyOptions } from '../run/audit-verify.ts';
import { FROM_THE_ENVIRONMENT, withConnection } from '../control-options.ts';

const TAIL = `
Times are in UTC.
${FROM_THE_ENVIRONMENT}

Examples:
  holdfast audit tail --audit acme-holdfast-audit --follow
  holdfast audit tail --folder ./records -n 100 --json | jq .outcome`;

const SEARCH = `
All conditions that are given must hold. Days are in UTC and count whole; --since and --until take times too.
${FROM_THE_ENVIRONMENT}

Examples:
  holdfast audit search --audit acme-holdfast-audit --bucket acme-docs --key invoices/1001.pdf
  holdfast audit search --folder ./records --action policy-activated --since 2026-11-01 --until 2026-11-20
  holdfast audit search --audit acme-holdfast-audit --outcome no-permission --json | jq -r .key`;

const VERIFY = `
Finds edits, gaps, reorders, truncation and forgery, and exits with 7 when there is any; docs/VERIFY.md says
what that proves, and how to check without Holdfast. A copy is made by
  aws s3 sync s3://acme-holdfast-audit/records ./records
${FROM_THE_ENVIRONMENT}

Examples:
  holdfast audit verify --audit acme-holdfast-audit
  holdfast audit verify --audit acme-holdfast-audit --since 2026-11-20 --json
  holdfast audit verify --folder ./records`;

export function addAudit(program: Command): void {
  const audit = program.command('audit').description('read and check the records');

  withSource(audit.command('tail').description('show the newest records'))
    .option('-n, --lines <number>', 'how many', '20')
    .option('-f, --follow', 'go on with what is recorded from now on, until Ctrl-C')
    .option('--json', 'print the records as they are stored, one JSON line each')
    .addHelpText('after', TAIL)
    .action(async (options: TailOptions) => {
      const { runTail } = await import('../run/audit-tail.ts');
      await runTail(options);
    });

  withSource(audit.command('search').description('find records; in the order of time within each day'))
    .option('--bucket <name>', 'of versions in this bucket')
    .option('--key <key>', 'of versions of this key')
    .option('--version-id <id>', 'of this version')
    .option('--rule <name>', 'for which this rule counted')
    .option('--outcome <code>', 'that ended like this, such as no-permission')
    .option('--action <name>', 'of this deed, such as policy-activated')
    .option('--since <day>', 'made on this day or later, such as 2026-11-20')
    .option('--until <day>', 'made on this day or earlier')
    .option('--json', 'print the records as they are stored, one JSON line each')
    .addHelpText('after', SEARCH)
    .action(async (options: SearchOptions) => {
      const { runSearch } = await import('../run/audit-search.ts');
      await runSearch(options);
    });

  withSource(audit.command('verify').description('check that no record was changed, lost or made up'))
    .option('--since <day>', 'leave out what was recorded before this day, such as 2026-11-20')
    .option('--json', 'print one JSON document')
    .addHelpText('after', VERIFY)
    .action(async (options: VerifyOptions) => {
      const { runVerify } = await import('../run/audit-verify.ts');
      await runVerify(options);
    });
}

function withSource(command: Command): Command {
  return withConnection(
    command
      .option('--audit <bucket>', 'the audit bucket')
      .option('--folder <folder>', 'a copy of its records; works offline'),
  );
}
