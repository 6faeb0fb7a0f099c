import type { Command } from 'commander';
import { FROM_THE_ENVIRONMENT } from '../control-options.ts';
import type { LockOptions } from '../run/lock.ts';
import { withStore } from '../store-options.ts';

const LOCK = `
Locks are never weakened: an earlier date or a weaker mode than what is stored writes nothing. --until names a
day and means its end in UTC. A COMPLIANCE lock can be taken back by nobody, so it asks first.
${FROM_THE_ENVIRONMENT}

Examples:
  holdfast lock s3://acme-docs/a.pdf --mode GOVERNANCE --for 90d --audit acme-holdfast-audit
  holdfast lock s3://acme-docs/2026/ --recursive --mode COMPLIANCE --until 2031-12-31 --audit-folder records --dry-run`;

/** Options of both ways to lock by hand. */
export function withDeed(command: Command): Command {
  return withStore(
    command
      .option('--version-id <id>', 'the version; the current one when left out')
      .option('--recursive', 'all versions under the prefix')
      .option('--latest', 'with --recursive: only the latest version of each key')
      .option('--dry-run', 'show what would be written, and write nothing')
      .option('--config <bucket>', 'the configuration bucket of a deployment, whose pause is respected')
      .option('--audit <bucket>', 'the audit bucket, where each deed is recorded')
      .option('--audit-folder <folder>', 'record in a folder instead, where there is no such bucket'),
  );
}

export function addLock(program: Command): void {
  withDeed(
    program
      .command('lock')
      .description('lock a version, or all versions under a prefix, until a day')
      .argument('<object>', 's3://bucket/key, or s3://bucket/prefix/ with --recursive')
      .option('--mode <mode>', 'GOVERNANCE or COMPLIANCE')
      .option('--until <day>', 'to the end of that day in UTC, such as 2031-12-31')
      .option('--for <period>', 'for a period from now, such as P1Y or 90d')
      .option('--maximum <period>', 'the cap: no lock ends later than this from now (P100Y)')
      .option('--yes', 'do not ask before a COMPLIANCE lock'),
  )
    .addHelpText('after', LOCK)
    .action(async (object: string, options: LockOptions) => {
      const { runLock } = await import('../run/lock.ts');
      await runLock(object, options);
    });
}
