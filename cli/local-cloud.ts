/** Starts the local cloud for a command, and shows what it does until Ctrl-C. */
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
