import type { Command } from 'commander';
import { FROM_THE_API, withApi } from '../api-options.ts';
import type { EventOptions } from '../run/events.ts';
import { SCOPES, withScope } from '../scope-options.ts';

const POST = `
Rules may wait for an event: from: { event: employment-ended }. Until it has happened their versions are held; with
--release it has, and their dates are fixed. --hold undoes it: they are held again.
${SCOPES}
${FROM_THE_API}

Examples:
  holdfast events post --event employment-ended --release --bucket acme-staff --prefix 0815/
  holdfast events post --event employment-ended --hold s3://acme-staff/0815/contract.pdf --json`;

export function addEvents(program: Command): void {
  const events = program.command('events').description('events that rules wait for, by the HTTP API');

  withApi(withScope(events.command('post').description('tell that an event has happened, or is undone')))
    .requiredOption('--event <name>', 'as rules name it')
    .option('--release', 'it has happened')
    .option('--hold', 'it is undone')
    .addHelpText('after', POST)
    .action(async (addresses: string[], options: EventOptions) => {
      const { runPost } = await import('../run/events.ts');
      await runPost(addresses, options);
    });
}
