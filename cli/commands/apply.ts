import type { Command } from 'commander';
import { FROM_THE_ENVIRONMENT } from '../control-options.ts';
import type { ApplyOptions } from '../run/apply.ts';
import { withStore } from '../store-options.ts';

const APPLY = `
Carries out that plan and no other: it refuses when the policy, the listing or the plan itself has changed, and
every version is read again before it is written, or is written by a job that S3 lets only lengthen locks. Ctrl-C
stops it; the same command goes on from there, and finds in place what is locked already.

Groups that the plan gives to S3 Batch Operations need a role for the jobs (--batch-role) and a bucket for their
lists and reports (--config); without them, everything goes direct.
${FROM_THE_ENVIRONMENT}
HOLDFAST_BATCH_ROLE and HOLDFAST_BATCH_FUNCTION stand for --batch-role and --batch-function.

Examples:
  holdfast apply plans/november --audit acme-holdfast-audit
  holdfast apply plans/november --audit-folder records --engine direct --yes --json`;

export function addApply(program: Command): void {
  withStore(
    program
      .command('apply')
      .description('carry out a plan')
      .argument('<plan>', 'the folder of the plan')
      .option('--policy <file>', 'the policy file, where it lies elsewhere now')
      .option('--engine <auto|batch|direct>', 'who carries it out; as the plan says when left out')
      .option('--max-versions <number>', 'the most versions that may change (1000000)')
      .option('--max-cost <usd>', 'the most that it may cost (100)')
      .option('--at-once <number>', 'the most versions that are worked on at once (64)')
      .option('--batch-role <arn>', 'the role that bulk jobs run as')
      .option('--batch-function <arn>', 'the function that decides version by version within a job')
      .option('--yes', 'do not ask before versions come under COMPLIANCE')
      .option('--config <bucket>', 'the configuration bucket of a deployment, whose pause is respected')
      .option('--audit <bucket>', 'the audit bucket, where each deed is recorded')
      .option('--audit-folder <folder>', 'record in a folder instead, where there is no such bucket'),
  )
    .addHelpText('after', APPLY)
    .action(async (plan: string, options: ApplyOptions) => {
      const { runApply } = await import('../run/apply.ts');
      await runApply(plan, options);
    });
}
