import { resolve } from 'node:path';
import type { Command } from 'commander';
import { HoldfastError } from '../../lib/errors.ts';
import { providerNamed } from '../../lib/providers/index.ts';
import type { Cloud, OutsideStore } from '../../local/cloud.ts';
import { type Act, playTour, type RefusalRow, type UploadRow } from '../../local/tour/tour.ts';
import { commandsToTry, RECORDS, showRecords, startLocalCloud, untilStopped } from '../local-cloud.ts';
import { paint, print, printJson, table } from '../output.ts';
import { portOption } from './local.ts';

interface TourOptions {
  once?: true;
  json?: true;
  port: string;
  store?: string;
  provider: string;
  region: string;
}

const FOLDER = resolve(import.meta.dirname, '../../local/tour');
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
    .option('--provider <name>', 'what kind of store that is: aws, ceph-rgw, ovh, generic', 'generic')
    .option('--region <name>', 'its region', 'us-east-1')
    .addHelpText('after', EXAMPLES)
    .action(async (options: TourOptions) => {
      const outside = options.store === undefined ? undefined : outsideStore(options.store, options);
      const ends = options.once === true || options.json === true || outside !== undefined;
      const cloud = await startFor(options, outside, ends);
      try {
        const acts = await play(cloud, outside, options.json === true);
        const ok = acts.every((act) => act.ok);
        if (options.json === true) printJson({ acts, ok });
        else
          print(
            ok
              ? `${paint('green', '✔')} every step went as it must`
              : `${paint('red', '✘')} some steps did not go as they must`,
          );
        if (!ok) process.exitCode = 7;
        if (!ends) {
          await stayUp(cloud);
          return;
        }
      } finally {
        await cloud.close();
      }
    });
}

async function startFor(
  options: TourOptions,
  outside: OutsideStore | undefined,
  ends: boolean,
): Promise<Cloud> {
  const policyFile = resolve(FOLDER, outside === undefined ? 'policy.yaml' : 'policy-outside.yaml');
  const start = async (port: number): Promise<Cloud> =>
    startLocalCloud({ port, policyFile, ...(outside && { outside }) }, RECORDS);
  if (options.port !== '') return start(portOption(options.port));
  try {
    return await start(ends ? 0 : 9_000);
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'bad-input') return start(0);
    throw error;
  }
}

async function play(cloud: Cloud, outside: OutsideStore | undefined, quiet: boolean): Promise<Act[]> {
  if (!quiet) {
    print(
      paint(
        'bold',
        'Holdfast: every object version locked for as long as its rules say, and no lock ever weakened.',
      ),
    );
    print();
    print(
      outside === undefined
        ? `An S3 that enforces Object Lock runs on ${cloud.url}, in memory.`
        : outsideText(outside),
    );
    print();
  }
  const acts: Act[] = [];
  for await (const act of playTour(cloud, outside !== undefined)) {
    acts.push(act);
    if (quiet) continue;
    print(`${act.ok ? paint('green', '✔') : paint('red', '✘')} ${paint('bold', act.name)}`);
    print(actTable(act));
    print();
  }
  return acts;
}

function outsideText({ url }: OutsideStore): string {
  return [
    `Playing on ${url}. It sends no events here, so each event is made from the answer to its upload.`,
    'The versions stay locked there for up to 15 minutes, in a bucket called holdfast-tour-….',
  ].join('\n');
}

function actTable({ rows }: Act): string {
  const mark = (ok: boolean): string => (ok ? 'ok' : 'NOT OK');
  const uploads = rows.filter((row): row is UploadRow => 'did' in row);
  if (uploads.length > 0) {
    return table(
      ['object', 'what was done', 'rule', 'lock before', 'lock after', 'seconds', '', ''],
      uploads.map(({ object, did, rule, before, after, seconds, ok, remark }) => [
        object,
        did,
        rule,
        before,
        after,
        seconds === null ? '–' : seconds.toFixed(2),
        mark(ok),
        remark,
      ]),
    );
  }
  const refusals = rows.filter((row): row is RefusalRow => 'tried' in row);
  return table(
    ['what was tried', 'must be', 'S3 answered', ''],
    refusals.map(({ tried, must, answered, ok }) => [tried, must, answered, mark(ok)]),
  );
}

async function stayUp(cloud: Cloud): Promise<void> {
  print();
  print(
    `The S3 stays up on ${paint('bold', cloud.url)}, credentials ${cloud.credentials.accessKeyId} / ${cloud.credentials.secretAccessKey}. Try in another terminal:`,
  );
  for (const line of commandsToTry(cloud, 'demo')) print(`  ${line}`);
  print();
  print(`Every upload is locked and shown here; records are kept in ${RECORDS}. Ctrl-C stops.`);
  showRecords(cloud);
  await untilStopped();
}

function outsideStore(url: string, { provider, region }: TourOptions): OutsideStore {
  const accessKeyId = process.env.AWS_ACCESS_KEY_ID;
  const secretAccessKey = process.env.AWS_SECRET_ACCESS_KEY;
  if (!URL.canParse(url)) {
    throw new HoldfastError('bad-input', {
      what: `${url} is not an address`,
      next: 'write it as https://s3.example.com',
    });
  }
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new HoldfastError('bad-input', {
      what: 'there are no credentials for the store',
      next: 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    });
  }
  return { url, region, credentials: { accessKeyId, secretAccessKey }, kind: providerNamed(provider).name };
}
