import type { Command } from 'commander';
import { FROM_THE_ENVIRONMENT } from '../control-options.ts';
import type { PlanCommandOptions } from '../run/plan.ts';
import { withStore } from '../store-options.ts';

const PLAN = `
Compares every version of a listing with the policy and shows what would have to be written, per rule: versions,
dates, jobs, requests, dollars, and what stays wrong and why. It changes nothing. With --out the plan is kept in
a folder, with the versions of each group, and holdfast apply carries out that plan and no other.

A listing is an S3 Inventory (its manifest.json, in a bucket or copied to a folder), or every version of a bucket
(--bucket), or the versions in a file (--keys: bucket,key,versionId per line, keys URL-encoded). Only inventories
tell locks; whatever is missing and matters is read version by version, and what that costs is said before.

A bulk job writes one date for all of its versions, so dates that lie within the tolerance share the latest of them:
no lock ends early, and none more than the tolerance late.
${FROM_THE_ENVIRONMENT}

Examples:
  holdfast plan --inventory s3://acme-inventory/acme-docs/daily/2026-11-18T01-00Z/manifest.json --policy policy.yaml
  holdfast plan --bucket acme-docs --prefix invoices/ --policy policy.yaml --out plans/november
  holdfast plan --keys keys.csv --policy policy.yaml --json`;

export function addPlan(program: Command): void {
  withPlanning(
    withStore(program.command('plan').description('what would have to be locked, and what that costs')),
  )
    .requiredOption('--policy <file>', 'the policy file')
    .option('--out <folder>', 'keep the plan in a folder, for holdfast apply')
    .addHelpText('after', PLAN)
    .action(async (options: PlanCommandOptions) => {
      const { runPlan } = await import('../run/plan.ts');
      await runPlan(options);
    });
}

/** The options that say which versions, and how they are counted. */
export function withListing(command: Command): Command {
  return command
    .option('--inventory <manifest>', 's3://bucket/.../manifest.json, or its path')
    .option('--bucket <names...>', 'list every version of these buckets')
    .option('--keys <file>', 'the versions that a file names')
    .option('--prefix <prefix>', 'only keys that begin so')
    .option('--maximum <period>', "the deployment's cap")
    .option(
      '--max-age <period>',
      'the oldest listing to plan from (passes.listingAge of the policy); rolling locks count from its day',
    )
    .option('--unreadable <percent>', 'so many rows in a hundred may be unreadable (0.1)');
}

function withPlanning(command: Command): Command {
  return withListing(command)
    .option('--tolerance <period>', 'how much later than its rule asks a lock may end (P1D)')
    .option('--sample <number>', 'look at so many versions only, and estimate the rest')
    .option('--engine <auto|batch|direct>', 'who is to carry it out (auto)')
    .option('--max-read-cost <usd>', 'what reading locks and tags may cost without asking (5)');
}
