/** Makes buckets and sets them up; loaded only when somebody asks for it. */
import { adoptBucket, planAdoption } from '../../lib/app/bucket-adopt.ts';
import {
  COUNTED,
  createBucket,
  enableLock,
  setDefault,
  type SetupDeps,
  type SetupResult,
} from '../../lib/app/bucket-setup.ts';
import { S3BucketAdmin } from '../../lib/aws/s3-bucket-admin.ts';
import { S3VersionListing } from '../../lib/aws/s3-version-listing.ts';
import { systemClock } from '../../lib/aws/system-clock.ts';
import { HoldfastError } from '../../lib/errors.ts';
import { daysOf, type DefaultRule, ruleText } from '../../lib/lock/default-rule.ts';
import { type BucketState } from '../../lib/ports/bucket-admin.ts';
import { clientOf, openRecording, ownerOf } from '../control.ts';
import { type ControlOptions, endpointOf } from '../control-options.ts';
import { bucketOption, ruleOption, type RuleOptions } from '../bucket-options.ts';
import { providerOf } from '../provider.ts';
import { paint, print, printError, printJson } from '../output.ts';

export interface BucketOptions extends ControlOptions, RuleOptions {
  readonly none?: true;
  readonly apply?: true;
  readonly inventoryTo?: string;
  readonly yes?: true;
  readonly json?: true;
}

/** Shorter than this, an attacker only has to wait over a holiday. */
const SHORT = 7;

export async function runCreate(name: string, options: BucketOptions): Promise<void> {
  const bucket = bucketOption(name);
  const rule = ruleOption(options, providerOf(options), systemClock.now());
  say(await createBucket(bucket, rule, await open(options)), options);
}

export async function runEnable(name: string, options: BucketOptions): Promise<void> {
  const bucket = bucketOption(name);
  const rule = ruleOption(options, providerOf(options), systemClock.now());
  const deps = await open(options);
  try {
    say(await enableLock(bucket, rule, deps), options);
  } catch (cause) {
    if (!(cause instanceof HoldfastError) || cause.code !== 'no-lock-on-bucket') throw cause;
    for (const line of [cause.message, ...safeWays(bucket, options)]) printError(line);
    process.exitCode = cause.exitCode;
  }
}

/** What is left where a store gives Object Lock only to buckets made with it. */
function safeWays(bucket: string, options: BucketOptions): string[] {
  const endpoint = endpointOf(options);
  const [ours, theirs] =
    endpoint === undefined ? ['', ''] : [` --endpoint ${endpoint}`, ` --endpoint-url ${endpoint}`];
  return [
    'Two safe ways:',
    '  1. A new bucket, and the objects copied into it:',
    `       holdfast bucket create NEW --mode GOVERNANCE --days 30 --audit-folder records${ours}`,
    `       aws s3 sync s3://${bucket} s3://NEW${theirs}   # current versions`,
    '  2. MFA Delete, where the store has it, by the root user with a device in hand; then its check:',
    `       aws s3api put-bucket-versioning --bucket ${bucket} --versioning-configuration Status=Enabled,MFADelete=Enabled --mfa "SERIAL 123456"${theirs}`,
    `       holdfast bucket show ${bucket}${ours}   # must show MFA Delete`,
    '     It is no retention: whoever has the device can delete at any time.',
  ];
}

export async function runDefault(name: string, options: BucketOptions): Promise<void> {
  const bucket = bucketOption(name);
  const rule = ruleOption(options, providerOf(options), systemClock.now());
  if ((rule === undefined) !== (options.none === true)) {
    throw new HoldfastError('bad-input', {
      what: 'it was not said what the default should be',
      next: 'give --mode with --days or --years, or --none',
    });
  }
  say(await setDefault(bucket, rule, options.yes === true, await open(options)), options);
}

export async function runAdopt(name: string, options: BucketOptions): Promise<void> {
  const bucket = bucketOption(name);
  const inventoryTo = options.inventoryTo === undefined ? undefined : bucketOption(options.inventoryTo);
  const admin = adminOf(options);
  const { inventory, ...adoption } = planAdoption(bucket, await admin.readWiring(bucket), inventoryTo);
  const adds = adoption.steps.some(({ does }) => does === 'add-inventory');
  if (adds && inventoryTo !== undefined && (await admin.read(inventoryTo)) === undefined) {
    throw new HoldfastError('bad-input', {
      what: `there is no bucket ${inventoryTo} for the inventory to be written to`,
      next: 'make it first, and let S3 write to it (docs/BUCKETS.md)',
    });
  }
  const applied = options.apply === true;
  if (applied) await adoptBucket({ inventory, ...adoption }, inventoryTo, await open(options));
  if (options.json === true) {
    printJson({ ...adoption, applied });
    return;
  }
  for (const line of adoption.kept) print(`  keep  ${line}`);
  for (const { detail } of adoption.steps) print(`${applied ? paint('green', '✔') : '+'} ${detail}`);
  if (adoption.steps.length === 0) print('nothing has to be changed');
  else if (!applied) print('Nothing was changed: give --apply to do it.');
}

export async function runShow(name: string, options: BucketOptions): Promise<void> {
  const bucket = bucketOption(name);
  const state = await adminOf(options).read(bucket);
  if (state === undefined) {
    throw new HoldfastError('bad-input', {
      what: `there is no bucket ${bucket}`,
      next: 'check its name and the endpoint',
    });
  }
  if (options.json === true) printJson({ bucket, ...state });
  else for (const line of stateLines(bucket, state)) print(line);
}

function adminOf(options: BucketOptions): S3BucketAdmin {
  const client = clientOf(options);
  const owner = ownerOf(options);
  return new S3BucketAdmin(client, new S3VersionListing(client, owner), owner);
}

async function open(options: BucketOptions): Promise<SetupDeps> {
  const recording = await openRecording(options);
  return { ...recording, admin: adminOf(options) };
}

function say(result: SetupResult, { json }: BucketOptions): void {
  const { bucket, state, done, unprotected } = result;
  for (const line of remarks(state.rule)) printError(line);
  if (json === true) {
    printJson(result);
    return;
  }
  for (const line of done) print(`${paint('green', '✔')} ${line}`);
  if (done.length === 0) print('nothing had to be changed');
  for (const line of stateLines(bucket, state)) print(line);
  if (unprotected === undefined || unprotected === 0) return;
  const count =
    unprotected >= COUNTED ? `more than ${COUNTED.toLocaleString('en')}` : unprotected.toLocaleString('en');
  print(
    `${paint('yellow', '!')} ${count} versions were there before. They stay unprotected: Object Lock and its default touch only new versions.`,
  );
}

function stateLines(bucket: string, { versioning, mfaDelete, lock, rule }: BucketState): string[] {
  const lines = [
    paint('bold', bucket),
    `  versioning    ${versioning}`,
    ...(mfaDelete ? ['  MFA Delete    enabled'] : []),
    `  Object Lock   ${lock ? 'enabled' : 'none'}`,
  ];
  if (lock) lines.push(`  default       ${ruleText(rule)}`);
  if (lock && rule === undefined) {
    lines.push(
      '  Object Lock alone protects nothing: a version is locked by a default rule, by its upload, or by Holdfast.',
    );
  }
  return lines;
}

function remarks(rule: DefaultRule | undefined): string[] {
  if (rule === undefined) return [];
  const lines: string[] = [];
  if (daysOf(rule) < SHORT)
    lines.push(
      `note: ${ruleText(rule)} is short: an attacker only has to wait. As a birth lock under a policy it is fine.`,
    );
  if (rule.mode === 'COMPLIANCE')
    lines.push(
      'note: nobody, the owner of the account included, can take a COMPLIANCE lock back before its date.',
    );
  return lines;
}
