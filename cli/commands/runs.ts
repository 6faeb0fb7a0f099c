import type { Command } from 'commander';
import { FROM_THE_ENVIRONMENT, withControl } from '../control-options.ts';
import type { RunsOptions } from '../run/runs.ts';

const LIST = `
${FROM_THE_ENVIRONMENT}

Examples:
  holdfast runs list --config acme-holdfast-config
  holdfast runs list --plans plans`;

const APPROVE = `
A scheduled run that would change more than the guardrails allow waits until somebody approves it. What it would
change is shown first; approving is recorded, and the run goes ahead within five minutes.
${FROM_THE_ENVIRONMENT}

Example:
  holdfast runs approve run-8021ee7249da5530 --config acme-holdfast-config --audit acme-holdfast-audit`;

const CANCEL = `
Begins nothing more, and stops the bulk jobs that are under way. What is locked stays locked.
${FROM_THE_ENVIRONMENT}

Examples:
  holdfast runs cancel run-8021ee7249da5530 --config acme-holdfast-config --audit acme-holdfast-audit
  holdfast runs cancel plans/november --audit-folder records`;

export function addRuns(program: Command): void {
  const runs = program.command('runs').description('plans that are being carried out');

  withControl(runs.command('list', { isDefault: true }).description('the runs that are not over'), 'reads')
    .option('--all', 'those that are over too')
    .option('--plans <folder>', 'the runs of plans in this folder, instead of those of a deployment')
    .option('--json', 'print one JSON document')
    .addHelpText('after', LIST)
    .action(async (options: RunsOptions) => {
      const { runList } = await import('../run/runs.ts');
      await runList(options);
    });

  withControl(runs.command('show').description('how far a run has come, and what failed'), 'reads')
    .argument('<run>', 'its id in a deployment, or the folder of its plan')
    .option('--json', 'print one JSON document')
    .addHelpText('after', FROM_THE_ENVIRONMENT)
    .action(async (run: string, options: RunsOptions) => {
      const { runShow } = await import('../run/runs.ts');
      await runShow(run, options);
    });

  withControl(runs.command('approve').description('let a run that waits go ahead'), 'changes')
    .argument('<run>', 'its id')
    .option('--yes', 'do not ask')
    .addHelpText('after', APPROVE)
    .action(async (run: string, options: RunsOptions) => {
      const { runApprove } = await import('../run/runs.ts');
      await runApprove(run, options);
    });

  withControl(runs.command('cancel').description('stop a run'), 'changes')
    .argument('<run>', 'its id in a deployment, or the folder of its plan')
    .option('--batch-role <arn>', 'the role that its bulk jobs run as, to stop those too')
    .addHelpText('after', CANCEL)
    .action(async (run: string, options: RunsOptions) => {
      const { runCancel } = await import('../run/runs.ts');
      await runCancel(run, options);
    });
}
