import { resolve } from 'node:path';
import type { Command } from 'commander';
import { RECORDS } from '../options.ts';
import type { LocalOptions } from '../run/local.ts';

const DEFAULT_POLICY = resolve(import.meta.dirname, '../../local/tour/policy.yaml');
const EXAMPLES = `
Everything is kept in memory and gone when it stops.

Examples:
  holdfast local --port 9000
  holdfast local --policy policy.yaml`;

export function addLocal(program: Command): void {
  program
    .command('local')
    .description(
      'run the local cloud: an S3 that enforces Object Lock, and Holdfast locking what is uploaded to it',
    )
    .option('--port <port>', 'the port of the S3 endpoint on 127.0.0.1', '9000')
    .option('--policy <file>', 'the policy file', DEFAULT_POLICY)
    .option('--access-key <id>', 'the access key id that clients use', 'holdfast')
    .option('--secret-key <secret>', 'the secret access key that clients use', 'holdfast-secret')
    .option('--records <file>', 'where the records are kept, one JSON line each', RECORDS)
    .addHelpText('after', EXAMPLES)
    .action(async (options: LocalOptions) => {
      const { runLocal } = await import('../run/local.ts');
      await runLocal(options);
    });
}
