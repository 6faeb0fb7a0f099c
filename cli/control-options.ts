/** The options of commands that steer a deployment: where its configuration is, and where deeds are recorded. */
import type { Command } from 'commander';
import { HoldfastError } from '../lib/errors.ts';
import { PROVIDER_NAMES } from '../lib/providers/index.ts';

export interface ConnectionOptions {
  readonly endpoint?: string;
  readonly region?: string;
  readonly bucketOwner?: string;
  readonly provider?: string;
}

export interface ControlOptions extends ConnectionOptions {
  readonly config?: string;
  readonly audit?: string;
  readonly auditFolder?: string;
}

export const FROM_THE_ENVIRONMENT = `
Credentials come from the environment, as for aws-cli. The variables that the functions have work here too:
HOLDFAST_CONFIG_BUCKET, HOLDFAST_AUDIT_BUCKET, HOLDFAST_BUCKET_OWNER, AWS_ENDPOINT_URL_S3.`;

export const PROVIDER_HELP = `what kind of store: ${PROVIDER_NAMES.join(', ')}, or a record that doctor --probe wrote`;

export function withConnection(command: Command): Command {
  return command
    .option('--endpoint <url>', 'an S3-compatible store')
    .option('--region <name>', 'its region')
    .option('--bucket-owner <account>', 'the account that the buckets must belong to')
    .option('--provider <record>', PROVIDER_HELP);
}

/** Options of a command that reads, and perhaps changes, what the functions share. */
export function withControl(command: Command, deed: 'reads' | 'changes'): Command {
  command.option('--config <bucket>', 'the configuration bucket');
  if (deed === 'changes') {
    command
      .option('--audit <bucket>', 'the audit bucket, where the deed is recorded')
      .option('--audit-folder <folder>', 'record it in a folder instead, where there is no such bucket');
  }
  return withConnection(command);
}

/** What was typed, or else what the environment says; a variable that is set to nothing says nothing. */
export function given(option: string | undefined, variable: string): string | undefined {
  const value = option ?? process.env[variable];
  return value === '' ? undefined : value;
}

/** The address of an S3-compatible store; AWS itself has none. */
export function endpointOf({ endpoint }: ConnectionOptions): string | undefined {
  const url = given(endpoint, 'AWS_ENDPOINT_URL_S3') ?? given(undefined, 'AWS_ENDPOINT_URL');
  if (url === undefined || /^https?:\/\/[^/]+/.test(url)) return url;
  throw new HoldfastError('bad-input', {
    what:
      url === endpoint
        ? `--endpoint cannot be ${JSON.stringify(url)}`
        : `the environment names an endpoint, and ${url} is not an address`,
    next: 'write it as https://s3.example.com',
  });
}

export function configBucket({ config }: ControlOptions): string {
  return (
    given(config, 'HOLDFAST_CONFIG_BUCKET') ??
    missing('no configuration bucket was named', 'name it with --config or HOLDFAST_CONFIG_BUCKET')
  );
}

/** Where a deed is recorded: a folder that was named, or else a bucket. */
export function recordingPlace({ audit, auditFolder }: ControlOptions): RecordingPlace {
  if (audit !== undefined && auditFolder !== undefined)
    return missing('a deed is recorded in one place', 'give --audit or --audit-folder, not both');
  if (auditFolder !== undefined) return { kind: 'folder', folder: auditFolder };
  const bucket = given(audit, 'HOLDFAST_AUDIT_BUCKET');
  if (bucket !== undefined) return { kind: 'bucket', bucket };
  return missing(
    'no place was named to record this in, and nothing is done without a record',
    'name the audit bucket with --audit or HOLDFAST_AUDIT_BUCKET, or a folder with --audit-folder',
  );
}

type RecordingPlace =
  | { readonly kind: 'bucket'; readonly bucket: string }
  | { readonly kind: 'folder'; readonly folder: string };

function missing(what: string, next: string): never {
  throw new HoldfastError('bad-input', { what, next });
}
