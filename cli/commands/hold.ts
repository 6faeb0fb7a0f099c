import type { Command } from 'commander';
import { FROM_THE_ENVIRONMENT } from '../control-options.ts';
import type { HoldOptions } from '../run/hold.ts';
import { withDeed } from './lock.ts';

const HOLD = `
A legal hold has no end: the version stays until somebody with the permission clears it. Holdfast places holds,
also while it is paused, and clears none from here.
${FROM_THE_ENVIRONMENT}

Examples:
  holdfast hold s3://acme-docs/a.pdf --on --audit acme-holdfast-audit
  holdfast hold s3://acme-docs/case-17/ --recursive --on --audit-folder records`;

export function addHold(program: Command): void {
  withDeed(
    program
      .command('hold')
      .description('place a legal hold on a version, or on all versions under a prefix')
      .argument('<object>', 's3://bucket/key, or s3://bucket/prefix/ with --recursive')
      .option('--on', 'place the hold')
      .option('--off', 'refused: says how a person could clear it'),
  )
    .addHelpText('after', HOLD)
    .action(async (object: string, options: HoldOptions) => {
      const { runHold } = await import('../run/hold.ts');
      await runHold(object, options);
    });
}
