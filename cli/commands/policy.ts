import type { Command } from 'commander';
import { FROM_THE_ENVIRONMENT, withControl } from '../control-options.ts';
import type { ListingOptions } from '../listing-options.ts';
import type { PolicyOptions } from '../run/policy.ts';
import { withStore } from '../store-options.ts';
import { withListing } from './plan.ts';
import { addPolicyTest } from './policy-test.ts';

const NEXT = `
Functions take it over within 30 seconds. What is locked stays locked, whatever the new rules say. On a terminal
it shows what changes and asks; elsewhere it needs --yes. Who moves the pointer meanwhile makes it exit with 9.
${FROM_THE_ENVIRONMENT}
HOLDFAST_MAXIMUM and HOLDFAST_ENFORCE stand for --maximum and --enforce: give what the deployment has.
`;

const ACTIVATE = `${NEXT}
Examples:
  holdfast policy activate policy.yaml --config acme-holdfast-config --audit acme-holdfast-audit
  holdfast policy activate policy.yaml --config acme-holdfast-config --audit acme-holdfast-audit --yes --json`;

const ROLLBACK = `${NEXT}
Example:
  holdfast policy rollback --config acme-holdfast-config --audit acme-holdfast-audit`;

const SHOW = `${FROM_THE_ENVIRONMENT}

Examples:
  holdfast policy show --config acme-holdfast-config
  holdfast policy show --config acme-holdfast-config --text > policy.yaml`;

const DIFF = `
Asks both policies about every version of a listing, and counts what changes: reads nothing else, changes nothing.
Locks that are set stay as they are, whatever the new rules say.
${FROM_THE_ENVIRONMENT}

Examples:
  holdfast policy diff policy.yaml new.yaml --inventory s3://acme-inventory/acme-docs/daily/2026-11-18T01-00Z/manifest.json
  holdfast policy diff policy.yaml new.yaml --bucket acme-docs --json`;

export function addPolicy(program: Command): void {
  const policy = program.command('policy').description('put a policy into force, and test it');

  withReading(withControl(policy.command('activate').description('put a policy file into force'), 'changes'))
    .argument('<policy>', 'the policy file, YAML or JSON')
    .option('--yes', 'do not ask')
    .option('--json', 'print one JSON document')
    .addHelpText('after', ACTIVATE)
    .action(async (path: string, options: PolicyOptions) => {
      const { runActivate } = await import('../run/policy.ts');
      await runActivate(path, options);
    });

  withReading(
    withControl(policy.command('rollback').description('go back to the policy before this one'), 'changes'),
  )
    .option('--yes', 'do not ask')
    .option('--json', 'print one JSON document')
    .addHelpText('after', ROLLBACK)
    .action(async (options: PolicyOptions) => {
      const { runRollback } = await import('../run/policy.ts');
      await runRollback(options);
    });

  withReading(withControl(policy.command('show').description('which policy is in force?'), 'reads'))
    .option('--text', 'print its file, as it was activated')
    .option('--json', 'print one JSON document')
    .addHelpText('after', SHOW)
    .action(async (options: PolicyOptions) => {
      const { runShow } = await import('../run/policy.ts');
      await runShow(options);
    });

  withListing(
    withStore(
      policy.command('diff').description('what another policy would change for the versions of a listing'),
    ),
  )
    .argument('<old>', 'the policy file that is compared with')
    .argument('<new>', 'the other one')
    .addHelpText('after', DIFF)
    .action(async (old: string, fresh: string, options: ListingOptions) => {
      const { runPolicyDiff } = await import('../run/policy-diff.ts');
      await runPolicyDiff(old, fresh, options);
    });

  addPolicyTest(policy);
}

function withReading(command: Command): Command {
  return command
    .option('--maximum <period>', "the deployment's cap; P12Y, as shipped, when left out")
    .option('--enforce <apply|observe>', 'what a rule does that does not say; observe when left out');
}
