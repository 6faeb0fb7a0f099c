/** Starts the local cloud for a command, and shows what it does until Ctrl-C. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleFunctions } from '../local/bundle.ts';
import { type Cloud, type CloudOptions, startCloud, WiringError } from '../local/cloud.ts';
import { HoldfastError } from '../lib/errors.ts';
import { paint, print, visible } from './output.ts';
import { outcomeLine } from './record-line.ts';
import { recordsFile } from './records-file.ts';

/** Bundles the functions and starts the cloud; every record is kept in the file of records. */
export async function startLocalCloud(options: CloudOptions, records: string): Promise<Cloud> {
  await bundleFunctions();
  const keep = recordsFile(records);
  try {
    const cloud = await startCloud(options);
    cloud.output.on('record', keep);
    return cloud;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE') {
      throw new HoldfastError('bad-input', {
        what: `port ${options.port ?? 0} is taken by another program`,
        next: 'give another one with --port',
        cause,
      });
    }
    if (cause instanceof WiringError) {
      const next = 'mend serverless.yml: the local cloud runs what it says';
      throw new HoldfastError('bad-input', { what: cause.message, next, cause });
    }
    throw cause;
  }
}

/** One line for every version that the functions dealt with. */
export function showRecords(cloud: Cloud): void {
  cloud.output.on('record', (record) => {
    const line = outcomeLine(record);
    if (line !== undefined) print(line);
  });
  cloud.output.on('log', (line) => {
    const problem = problemLine(line);
    if (problem !== undefined) print(problem);
  });
}

/** Waits for Ctrl-C or a polite end. */
export async function untilStopped(): Promise<void> {
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  print();
  print('stopping');
}

/** What to type into another terminal. */
export function commandsToTry({ url, credentials }: Cloud, bucket: string): string[] {
  const environment = {
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_DEFAULT_REGION: 'us-east-1',
  };
  const exports = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  return [
    `export ${exports.join(' ')}`,
    `aws s3 cp README.md s3://${bucket}/invoices/readme.md`,
    `aws s3api get-object-retention --bucket ${bucket} --key invoices/readme.md`,
    `aws s3api delete-object --bucket ${bucket} --key invoices/readme.md --version-id "$(aws s3api head-object --bucket ${bucket} --key invoices/readme.md --query VersionId --output text)"`,
  ];
}

/** How long the tokens for trying hold (seconds). */
const A_DAY = 86_400;

/** What to type to try the HTTP API, as two people: their tokens are written into files of a folder. */
export async function holdsToTry({ api, tokens }: Cloud, bucket: string, folder: string): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const scope = 'matters:read matters:write matters:approve runs:approve';
  for (const [sub, name] of [
    ['ann', 'Ann'],
    ['bob', 'Bob'],
  ] as const) {
    const token = await tokens.issue({ sub, name, scope, groups: ['legal'], expiresIn: A_DAY });
    writeFileSync(join(folder, `token-${sub}`), token, { mode: 0o600 });
  }
  const as = (who: string): string => `--token-file ${join(folder, `token-${who}`)}`;
  return [
    `export HOLDFAST_API=${api.url}`,
    `npx holdfast matters open --title "Doe v. Example" --reason "a complaint" --bucket ${bucket} --prefix invoices/ --yes --wait ${as('ann')}`,
    `npx holdfast matters release ID --reason "settled" ${as('ann')}`,
    `npx holdfast matters approve ID --yes --wait ${as('bob')}`,
  ];
}

/** Lines that the functions log at level ERROR, and what the cloud itself has to say. */
function problemLine(line: string): string | undefined {
  if (!line.startsWith('{')) return `${paint('yellow', '!')} ${visible(line)}`;
  try {
    const { level, message, error } = JSON.parse(line) as {
      level?: string;
      message?: string;
      error?: { message?: string };
    };
    if (level !== 'ERROR') return undefined;
    return `${paint('yellow', '!')} ${visible(`${message ?? 'failed'}: ${error?.message ?? ''}`)}`;
  } catch {
    return `${paint('yellow', '!')} ${visible(line)}`;
  }
}
