import type { Command } from 'commander';
import { PROVIDER_NAMES } from '../../lib/providers/index.ts';
import type { TourOptions } from '../run/tour.ts';

const EXAMPLES = `
Without --once it stays up after the tour, and locks what you upload. With --store it plays on an S3 that is
running elsewhere: in a bucket of its own, with locks of a few minutes, which stay until they expire.

Examples:
  npm start
  npm start -- --once --json
  AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… npm start -- --once --store https://s3.example.com --provider generic`;

export function addTour(program: Command): void {
  program
    .command('tour')
    .description('see it work: uploads are locked, and nobody can undo it (this is npm start)')
    .option('--once', 'end after the tour; exit 0 only if every step went as it must')
    .option('--json', 'print one JSON document instead, and end')
    .option('--port <port>', 'the port of the S3 endpoint on 127.0.0.1; 9000, or any free one', '')
    .option(
      '--store <url>',
      'play on this S3; credentials come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    )
    .option('--provider <name>', `what kind of store that is: ${PROVIDER_NAMES.join(', ')}`, 'generic')
    .option('--region <name>', 'its region', 'us-east-1')
    .addHelpText('after', EXAMPLES)
    .action(async (options: TourOptions) => {
      const { runTour } = await import('../run/tour.ts');
      await runTour(options);
    });
}
