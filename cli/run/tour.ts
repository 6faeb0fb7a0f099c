/** Plays the tour and shows it; loaded only when somebody asks for it. */
import { randomBytes } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { HoldfastError } from '../../lib/errors.ts';
import { providerNamed } from '../../lib/providers/index.ts';
import type { Cloud } from '../../local/cloud.ts';
import type { OutsideStore } from '../../local/environment.ts';
import { type Act, type HardRow, playTour, type RefusalRow, type UploadRow } from '../../local/tour/tour.ts';
import type { Lie } from '../../local/s3/types.ts';
import { ARCHIVE, bulkAct, type BulkRow } from '../bulk-act.ts';
import { holdsAct, type HoldRow } from '../holds-act.ts';
import { verifyAct } from '../verify-act.ts';
import { commandsToTry, holdsToTry, showRecords, startLocalCloud, untilStopped } from '../local-cloud.ts';
import { portOption, RECORDS } from '../options.ts';
import { paint, print, printJson, table, visible } from '../output.ts';
import { count } from '../plan-text.ts';

export interface TourOptions {
  readonly once?: true;
  readonly json?: true;
  readonly port: string;
  readonly store?: string;
  readonly provider: string;
  readonly region: string;
}

const FOLDER = resolve(import.meta.dirname, '../../local/tour');
const LOCAL_BUCKET = 'demo';
const CERTIFICATES = '.holdfast';
/** For tests that the tour notices a store that does not enforce: delete, shorten or forget. */
const LIES = (process.env.HOLDFAST_TEST_LIES ?? '')
  .split(',')
  .filter((text) => text !== '')
  .map(lieOf);

/** Plays the tour; stays up after it unless it was asked to end. */
export async function runTour(options: TourOptions): Promise<void> {
  const outside = options.store === undefined ? undefined : outsideStore(options.store, options);
  const ends = options.once === true || options.json === true || outside !== undefined;
  const cloud = await startFor(options, outside, ends);
  try {
    const acts = await playOn(cloud, outside, options.json === true);
    const ok = acts.every((act) => act.ok);
    const failed = acts
      .flatMap(({ name, rows }) => rows.map((row) => ({ act: name, row })))
      .find(({ row }) => !isOk(row));
    if (options.json === true) printJson({ acts, ok, ...(failed && { firstFailure: failed }) });
    else
      print(
        failed === undefined
          ? `${mark(true)} every step went as it must`
          : `${mark(false)} ${failureText(failed.row)}`,
      );
    if (!ok) process.exitCode = 7;
    if (!ends) await stayUp(cloud);
  } finally {
    await cloud.close();
  }
}

async function startFor(
  options: TourOptions,
  outside: OutsideStore | undefined,
  ends: boolean,
): Promise<Cloud> {
  const policyFile = resolve(FOLDER, outside === undefined ? 'policy.yaml' : 'policy-outside.yaml');
  const start = async (port: number): Promise<Cloud> =>
    startLocalCloud(
      { port, policyFile, lies: LIES, unheard: [ARCHIVE], ...(outside && { outside }) },
      RECORDS,
    );
  if (options.port !== '') return start(portOption(options.port));
  try {
    return await start(ends ? 0 : 9_000);
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'bad-input') return start(0);
    throw error;
  }
}

/** A store of somebody else may refuse the tour before it begins: that is no fault of the tour. */
async function playOn(cloud: Cloud, outside: OutsideStore | undefined, quiet: boolean): Promise<Act[]> {
  try {
    return await play(cloud, outside, quiet);
  } catch (cause) {
    if (outside === undefined) throw cause;
    const why = cause instanceof Error ? cause.message || cause.name : String(cause);
    throw new HoldfastError('unreachable', {
      what: `the tour could not be played on ${outside.url}: ${why}`,
      next: 'check the address, the credentials, and that they may make a bucket with Object Lock',
      cause,
    });
  }
}

async function play(cloud: Cloud, outside: OutsideStore | undefined, quiet: boolean): Promise<Act[]> {
  const bucket = outside === undefined ? LOCAL_BUCKET : `holdfast-tour-${randomBytes(4).toString('hex')}`;
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
        : outsideText(outside, bucket),
    );
    print();
  }
  const acts: Act[] = [];
  const show = (act: Act): void => {
    acts.push(act);
    if (quiet) return;
    print(`${mark(act.ok)} ${paint('bold', act.name)}`);
    print(actTable(act));
    print();
  };
  for await (const act of playTour(cloud, bucket, outside !== undefined)) show(act);
  // An outside store has no bulk jobs that could be used here, and its locks must end within minutes.
  // And five thousand versions would tell no more of a store that was caught lying.
  if (outside === undefined && acts.every(({ ok }) => ok)) show(await bulkAct(cloud));
  if (outside === undefined && acts.every(({ ok }) => ok)) show(await holdsAct(cloud, CERTIFICATES));
  show(await verifyAct(cloud));
  return acts;
}

function outsideText({ url }: OutsideStore, bucket: string): string {
  return [
    `Playing on ${url}. It sends no events here, so each event is made from the answer to its upload.`,
    `The versions stay locked there for up to 15 minutes, in the bucket ${bucket}; empty it after that.`,
  ].join('\n');
}

function actTable({ rows }: Act): string {
  const uploads = rows.filter((row): row is UploadRow => 'did' in row);
  if (uploads.length > 0) {
    return table(
      ['', 'object', 'what was done', 'rule', 'lock before', 'lock after', 'seconds'],
      uploads.map(({ object, did, rule, before, after, seconds, ok, remark }) => [
        mark(ok),
        visible(object),
        did,
        rule,
        short(before),
        short(after),
        `${seconds === null ? '–' : seconds.toFixed(2)}  ${visible(remark)}`,
      ]),
    );
  }
  const bulk = rows.filter((row): row is BulkRow => 'found' in row);
  if (bulk.length > 0) {
    return table(
      ['', 'what was found', 'versions', 'lock before', 'lock after', 'must be'],
      bulk.map(({ found, versions, before, after, must, ok }) => [
        mark(ok),
        found,
        count(versions),
        before,
        after,
        must,
      ]),
    );
  }
  const holds = rows.filter((row): row is HoldRow => 'done' in row);
  if (holds.length > 0) {
    return table(
      ['', 'what was done', 'by', 'must be', 'found'],
      holds.map(({ done, by, must, seen, ok }) => [mark(ok), done, by, must, visible(seen)]),
    );
  }
  const hard = rows.filter((row): row is HardRow => 'happened' in row);
  if (hard.length > 0) {
    return table(
      ['', 'what happened', 'must be', 'ended', 'record'],
      hard.map(({ happened, must, ended, record, ok }) => [mark(ok), happened, must, ended, record]),
    );
  }
  const refusals = rows.filter((row): row is RefusalRow => 'tried' in row);
  return table(
    ['', 'what was tried', 'must be', 'answered'],
    refusals.map(({ tried, must, answered, ok }) => [mark(ok), tried, must, visible(answered)]),
  );
}

/** A lock to the minute: for the eye, the rest is in the JSON. */
function short(lock: string): string {
  return lock.replace(/ until (\d{4}-\d\d-\d\d)T(\d\d:\d\d).*/, ' $1 $2Z');
}

function isOk(row: object): boolean {
  return 'ok' in row && row.ok === true;
}

/** The first step that failed: on a store that lies, its first lie. */
function failureText(row: object): string {
  const { tried, did, happened, done, seen, found, must, answered, after, ended, remark } = row as Partial<
    UploadRow & RefusalRow & HardRow & BulkRow & HoldRow
  >;
  const what = tried ?? happened ?? did ?? done ?? found ?? 'a step';
  const expected = must === undefined ? '' : `, which must be: ${must}`;
  const got = answered ?? ended ?? seen ?? `${after ?? 'nothing'} ${remark ?? ''}`;
  return `the first step that failed: ${what}${expected}; the store answered: ${visible(got)}`;
}

function lieOf(text: string): Lie {
  if (text === 'delete' || text === 'shorten' || text === 'forget') return text;
  throw new HoldfastError('bad-input', {
    what: `HOLDFAST_TEST_LIES cannot be ${JSON.stringify(text)}`,
    next: 'write delete, shorten or forget, or leave it out',
  });
}

async function stayUp(cloud: Cloud): Promise<void> {
  print();
  print(
    `The S3 stays up on ${paint('bold', cloud.url)}, credentials ${cloud.credentials.accessKeyId} / ${cloud.credentials.secretAccessKey}. Try in another terminal:`,
  );
  for (const line of commandsToTry(cloud, LOCAL_BUCKET)) print(`  ${line}`);
  for (const line of await holdsToTry(cloud, LOCAL_BUCKET, dirname(RECORDS))) print(`  ${line}`);
  print();
  print(`Every upload is locked and shown here; records are kept in ${RECORDS}. Ctrl-C stops.`);
  showRecords(cloud);
  await untilStopped();
  cloud.output.removeAllListeners('log');
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

function mark(ok: boolean): string {
  return ok ? paint('green', '✔') : paint('red', '✘');
}
