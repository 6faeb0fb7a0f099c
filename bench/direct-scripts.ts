/** What people use instead of a direct engine: a script with threads, and a loop around the AWS CLI. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createInterface } from 'node:readline';
import { type VersionRef } from '../lib/ports/lock-store.ts';
import { CONNECTIONS, type DirectStore } from './direct-store.ts';
import { PYTHON } from './duckdb.ts';

const run = promisify(execFile);

/** Locks versions, and answers how many milliseconds that took. */
export interface Script {
  readonly lock: (refs: readonly VersionRef[]) => Promise<number>;
  readonly stop: () => void;
}

/** `pairs.py`, started once; undefined where Python has no boto3. */
export async function startBoto3({ endpoint, credentials }: DirectStore): Promise<Script | undefined> {
  const path = fileURLToPath(new URL('pairs.py', import.meta.url));
  const { accessKeyId, secretAccessKey } = credentials;
  if (!works(PYTHON, ['-c', 'import boto3'])) return undefined;
  const child = spawn(PYTHON, [path, endpoint, accessKeyId, secretAccessKey, String(CONNECTIONS)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  await once(lines, 'line');
  return {
    async lock(refs) {
      const answer = once(lines, 'line');
      child.stdin.write(
        `${JSON.stringify(refs.map(({ bucket, key, versionId }) => [bucket, key, versionId]))}\n`,
      );
      const [seconds] = (await answer) as [string];
      return Number(seconds) * 1_000;
    },
    stop: () => {
      child.stdin.end();
    },
  };
}

/** Two commands for each version, one after the other; undefined where there is no AWS CLI. */
export function awsCli({ endpoint, credentials }: DirectStore): Script | undefined {
  if (!works('aws', ['--version'])) return undefined;
  const { accessKeyId, secretAccessKey } = credentials;
  const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
  const env = { ...process.env, ...keys, AWS_DEFAULT_REGION: 'us-east-1' };
  const aws = async (command: string, ref: VersionRef, ...more: string[]): Promise<string> => {
    const version = ['--bucket', ref.bucket, '--key', ref.key, '--version-id', ref.versionId];
    const args = ['--endpoint-url', endpoint, 's3api', command, ...version, ...more];
    return (await run('aws', args, { env })).stdout;
  };
  return {
    async lock(refs) {
      const start = performance.now();
      for (const ref of refs) {
        const { LastModified } = JSON.parse(await aws('head-object', ref)) as { LastModified: string };
        const until = new Date(Date.parse(LastModified) + 366 * 86_400_000).toISOString();
        await aws('put-object-retention', ref, '--retention', `Mode=GOVERNANCE,RetainUntilDate=${until}`);
      }
      return performance.now() - start;
    },
    stop: () => undefined,
  };
}

function works(command: string, args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
