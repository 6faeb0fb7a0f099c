import type { Command } from 'commander';
import { PROVIDER_HELP } from '../control-options.ts';
import type { CheckOptions, HeadersOptions } from '../run/headers.ts';

const EXAMPLES = `
For uploads that are locked from their first moment on. Nothing is read from a store or written to it.

Examples:
  holdfast headers --rule invoices
  holdfast headers --policy policy.yaml --rule invoices --bucket acme-docs --key invoices/1001.pdf
  holdfast headers --policy policy.yaml --bucket acme-docs --key a.csv --tags retention=P3Y --format curl
  holdfast headers check backup-headers.txt`;

const CHECK = `
A line is name: value; blank lines and # comments are left out. Dates may be computed by the tool, as in
  x-amz-object-lock-retain-until-date: {{ date.now | date.add_months 1 }}
Each fault has a line and a code; docs/HEADERS.md lists them. Exits with 2 when there is one.

Examples:
  holdfast headers check backup-headers.txt
  holdfast headers check backup-headers.txt --maximum P1Y --json`;

export function addHeaders(program: Command): void {
  const headers = program
    .command('headers')
    .description('which headers must an upload carry to be born locked? (offline)')
    .option('--policy <file>', 'the policy file (policy.yaml, where it lies here)')
    .option('--bucket <name>', 'the bucket of the upload; with --rule one that it is about')
    .option('--key <key>', 'its key, as it is; with --rule one that it is about')
    .option('--rule <name>', 'what this rule alone wants; all rules together when left out')
    .option('--tags <pairs>', 'its tags, as a=b,c=d')
    .option('--size <bytes>', 'its size')
    .option('--now <time>', 'the moment of the upload')
    .option('--maximum <period>', "the deployment's cap, such as P12Y")
    .option('--provider <record>', PROVIDER_HELP)
    .option('--format <name>', 'lines, json, aws, curl or rclone', 'lines')
    .option('--json', 'the same as --format json')
    .addHelpText('after', EXAMPLES)
    .action(async (options: HeadersOptions) => {
      const { runHeaders } = await import('../run/headers.ts');
      runHeaders(options);
    });

  headers
    .command('check')
    .description('check header lines that were written for a backup tool (offline)')
    .argument('<file>', 'the lines; - reads standard input')
    .option('--now <time>', 'the moment of the upload')
    .option('--maximum <period>', 'the longest lock that you want to allow, such as P1Y')
    .option('--json', 'print one JSON document')
    .addHelpText('after', CHECK)
    .action(async (file: string, _: CheckOptions, check: Command) => {
      const { runHeadersCheck } = await import('../run/headers.ts');
      // The command above has options of the same names, and commander gives them to it.
      await runHeadersCheck(file, check.optsWithGlobals<CheckOptions>());
    });
}
