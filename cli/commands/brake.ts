import type { Command } from 'commander';
import { FROM_THE_ENVIRONMENT, withControl } from '../control-options.ts';
import type { BrakeOptions } from '../run/brake.ts';

const PAUSE = `
While Holdfast is paused no retention is set or extended: versions are recorded as paused, and wait in the
queue. Functions hear of it within 10 seconds. What is locked stays locked, and legal holds are still placed.
${FROM_THE_ENVIRONMENT}

Examples:
  holdfast pause --reason "wrong tags in the import of today" --config acme-holdfast-config --audit acme-holdfast-audit
  holdfast pause --show --config acme-holdfast-config --json`;

const RESUME = `
The present hour gets its whole limit of the breaker again.
${FROM_THE_ENVIRONMENT}

Examples:
  holdfast resume --reason "tags are mended" --config acme-holdfast-config --audit acme-holdfast-audit`;

export function addBrake(program: Command): void {
  withControl(program.command('pause').description('stop all locking, by hand'), 'changes')
    .option('--reason <text>', 'why; it stands in every record made meanwhile')
    .option('--show', 'say whether it is paused, by whom and why, and change nothing')
    .option('--json', 'print one JSON document')
    .addHelpText('after', PAUSE)
    .action(async (options: BrakeOptions & { show?: true }) => {
      const { runPause, runShow } = await import('../run/brake.ts');
      await (options.show === true ? runShow(options) : runPause(options));
    });

  withControl(program.command('resume').description('go on with locking after a pause'), 'changes')
    .option('--reason <text>', 'why; it is recorded')
    .option('--json', 'print one JSON document')
    .addHelpText('after', RESUME)
    .action(async (options: BrakeOptions) => {
      const { runResume } = await import('../run/brake.ts');
      await runResume(options);
    });
}
