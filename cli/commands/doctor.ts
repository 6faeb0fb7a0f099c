import type { Command } from 'commander';
import { PROVIDER_HELP } from '../control-options.ts';
import type { DoctorOptions } from '../run/doctor.ts';

const EXAMPLES = `
Without --probe: is the store there, do the clocks agree, does it know the credentials? Nothing is written.
With --bucket: is it set up right, may these credentials do what they must, and not what they must not? Permissions
are tried where that changes nothing: on a version that cannot exist.
With --probe: in a scratch bucket of its own, holdfast-probe-<random>, it locks versions for seconds, tries what a
store must refuse, cleans up and says what stays locked (two versions for a day). docs/PROBE.md tells all of it.
Credentials come from the environment, as for aws-cli; the unprivileged ones from a profile, or from
HOLDFAST_PROBE_UNPRIVILEGED_ACCESS_KEY_ID and HOLDFAST_PROBE_UNPRIVILEGED_SECRET_ACCESS_KEY.

Exit codes: 0 nothing fails, 7 a check fails, 2 bad input, 4 no permission, 5 unreachable; --clean: 3 if locks remain.

Examples:
  holdfast doctor --endpoint https://s3.example.com
  holdfast doctor --bucket acme-docs --policy policy.yaml
  holdfast doctor --bucket acme-kopia --for kopia --endpoint https://s3.example.com
  holdfast doctor --probe --endpoint http://127.0.0.1:7480 --provider ceph-rgw --json
  holdfast doctor --probe --unprivileged-profile backup-writer
  holdfast doctor --probe --bucket acme-docs --prefix scratch/ --policy policy.yaml --audit-folder records
  holdfast doctor --clean holdfast-probe-0123456789abcdef`;

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('is this store set up right, and does it really enforce Object Lock?')
    .option('--probe', 'try it, in a scratch bucket that is removed afterwards')
    .option('--bucket <name>', 'look at this bucket as well: settings, default rule, permissions, wiring')
    .option('--for <tool>', 'and at what a tool needs of it: portworx, cloudback, kopia, restic or velero')
    .option('--policy <file>', 'and at whether these rules go together with it')
    .option('--maximum <period>', "the deployment's cap, such as P12Y")
    .option(
      '--prefix <prefix>',
      'probe in a folder under this prefix of --bucket, where no rule of --policy covers it',
    )
    .option('--endpoint <url>', 'an S3-compatible store')
    .option('--region <name>', 'its region')
    .option('--bucket-owner <account>', 'the account that the bucket must belong to')
    .option('--provider <record>', PROVIDER_HELP)
    .option('--audit <bucket>', 'with --prefix: the audit bucket, where the probe is recorded')
    .option('--audit-folder <folder>', 'record it in a folder instead, where there is no such bucket')
    .option(
      '--unprivileged-profile <name>',
      'may delete and lock, and may neither bypass a lock nor touch holds',
    )
    .option('--far-dates', 'probe a date 99 years away too: leaves one GOVERNANCE version locked that long')
    .option('--keep', 'clean nothing up')
    .option('--clean <bucket>', 'remove what an earlier probe left, where its locks have ended')
    .option(
      '--record <file>',
      'where --probe writes the capability record (default: .holdfast/stores/<host>.json)',
    )
    .option('--json', 'print one JSON document')
    .addHelpText('after', EXAMPLES)
    .action(async (options: DoctorOptions) => {
      const { runDoctor } = await import('../run/doctor.ts');
      await runDoctor(options);
    });
}
