/** How long it takes from the event of an upload to its lock, against the two requests that any lock needs. */
import {
  GetObjectRetentionCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { type Mode } from '../lib/lock/state.ts';
import { type VersionRef, versionIdOf } from '../lib/ports/lock-store.ts';
import { type Contestant, type Costs, interleave, median, ratioOf } from './measure.ts';
import { RequestProbe, type SeenRequest } from './request-probe.ts';
import { policyOf } from './rules.ts';
import { figure, type Section } from './section.ts';
import { startServer } from './server-process.ts';
import { BUCKET, handleUpload, readyClient, readyLogs, type UploadDeps, uploadDeps } from './upload-path.ts';

const MODES = ['GOVERNANCE', 'COMPLIANCE'] as const;
const ROUNDS = 300;
const WARM_UP = 30;
const YEAR = 366 * 86_400_000;

/** Each folder has a rule of its own; only that of `tagged/` asks for a tag. */
const POLICY = policyOf([
  ...MODES.map((mode) => ({
    name: mode.toLowerCase(),
    match: { bucket: BUCKET, prefix: `${mode}/` },
    lock: { mode, for: 'P1Y' },
  })),
  {
    name: 'tagged',
    match: { bucket: BUCKET, prefix: 'tagged/', tags: { class: 'invoice' } },
    lock: { mode: 'GOVERNANCE', for: 'P1Y' },
  },
]);

interface Track {
  readonly client: S3Client;
  readonly probe: RequestProbe;
  /** The upload path that stores its records in the audit bucket. */
  readonly stored: UploadDeps;
  /** The same, which copies them to the searchable log besides, as in production. */
  readonly copied: UploadDeps;
}

export async function benchEventToLock(): Promise<Section[]> {
  const [s3, logs] = await Promise.all([startServer('s3'), startServer('logs')]);
  try {
    const probe = new RequestProbe();
    const client = await readyClient({ s3, logs }, probe);
    const logsClient = readyLogs({ s3, logs }, probe);
    const [stored, copied] = [uploadDeps(POLICY, client), uploadDeps(POLICY, client, logsClient)];
    const track: Track = { client, probe, stored, copied };
    // When the lock stood, which is before the event is done with.
    const standing = new Map<string, number[]>();
    const contestants = MODES.flatMap((mode) => contestantsOf(mode, track, standing));
    await interleave(contestants, WARM_UP);
    standing.clear();
    const costs = await interleave(contestants, ROUNDS);
    const trips = await roundTripsOf(track);
    client.destroy();
    logsClient.destroy();
    return [timesOf(new Map([...costs, ...standing])), trips];
  } finally {
    s3.stop();
    logs.stop();
  }
}

function contestantsOf(mode: Mode, track: Track, standing: Map<string, number[]>): Contestant[] {
  const { client, probe, stored, copied } = track;
  const contestant = (name: string, work: (ref: VersionRef) => Promise<void>): Contestant => ({
    name: `${mode} ${name}`,
    async round() {
      const ref = await upload(client, `${mode}/`);
      probe.take();
      const start = performance.now();
      await work(ref);
      const cost = performance.now() - start;
      const lock = probe.take().find(isLock);
      const key = `${mode} ${name}, lock`;
      standing.set(key, [...(standing.get(key) ?? []), (lock?.endedAt ?? Number.NaN) - start]);
      return cost;
    },
  });
  return [
    contestant('stored', async (ref) => handleUpload(ref, stored)),
    contestant('copied', async (ref) => handleUpload(ref, copied)),
    contestant('pair', async (ref) => lockBarely(client, ref, mode)),
    contestant('pair and read-back', async (ref) => {
      await lockBarely(client, ref, mode);
      await client.send(new GetObjectRetentionCommand(inputOf(ref)));
    }),
  ];
}

/** The least that anybody must do who locks what was uploaded: look when it was made, and lock it. */
async function lockBarely(client: S3Client, ref: VersionRef, Mode: Mode): Promise<void> {
  const { LastModified } = await client.send(new HeadObjectCommand(inputOf(ref)));
  const RetainUntilDate = new Date((LastModified?.getTime() ?? Number.NaN) + YEAR);
  await client.send(new PutObjectRetentionCommand({ ...inputOf(ref), Retention: { Mode, RetainUntilDate } }));
}

function timesOf(costs: Costs): Section {
  const row = (mode: Mode, what: string, name: string): string[] => {
    const [over, under] = [`${mode} ${name}`, `${mode} pair`];
    const { low, high } = ratioOf(costs, over, under);
    const ratio = median(costs.get(over) ?? []) / median(costs.get(under) ?? []);
    return [mode, what, figure(ratio), `${figure(low)}-${figure(high)}`];
  };
  return {
    title: 'event to lock: the time of one event, against HEAD and PutObjectRetention alone',
    meaning: [
      `${ROUNDS} events of new versions for each row and mode, one at a time, on the embedded S3 in a process of its own; everybody uses the same client of the AWS SDK.`,
      'Holdfast is `handleMessage` with its real adapters, without Lambda and SQS; policy and brake are cached as in production. Intent comes before a COMPLIANCE lock only.',
      'Ratio: the medians of both divided; four fifths of the rounds lie in the spread. A round trip costs next to nothing here, and far more than our own work on a real network: see the next table.',
    ],
    head: ['mode', 'time of an event / HEAD and PutObjectRetention', 'ratio', 'spread'],
    rows: MODES.flatMap((mode) => [
      row(mode, 'until the lock stands', 'stored, lock'),
      row(mode, 'until it is read back and its record is stored', 'stored'),
      row(mode, 'until the lock stands, with the searchable copy', 'copied, lock'),
      row(mode, 'until the record is copied too', 'copied'),
      row(mode, 'for reference: the two and a read-back', 'pair and read-back'),
    ]),
  };
}

/** Counts by what is really sent, with everything cached that a warm function has cached. */
async function roundTripsOf({ client, probe, copied }: Track): Promise<Section> {
  const row = async (what: string, prefix: string, tags?: string): Promise<string[]> => {
    const ref = await upload(client, prefix, tags);
    probe.take();
    await handleUpload(ref, copied);
    const seen = probe.take();
    const depth = Math.max(...seen.map((request) => request.depth));
    const inOrder = seen.map(({ name }) => name).join(', ');
    return [what, String(seen.find(isLock)?.depth), String(depth), String(seen.length), inOrder];
  };
  return {
    title: 'event to lock: round trips that wait for the one before',
    meaning: [
      'Counted from what the clients send for one event, with the searchable copy as in production; policy, brake and share of the breaker are cached.',
      'PutObject and PutLogEvents store a record and copy it.',
    ],
    head: ['version', 'until the lock stands', 'until the end', 'requests', 'in their order'],
    rows: [
      await row('GOVERNANCE, without tags', 'GOVERNANCE/'),
      await row('GOVERNANCE by a tag', 'tagged/', 'class=invoice'),
      await row('COMPLIANCE, without tags', 'COMPLIANCE/'),
    ],
  };
}

let uploads = 0;

async function upload(client: S3Client, prefix: string, tags?: string): Promise<VersionRef> {
  uploads += 1;
  const key = `${prefix}${uploads}.pdf`;
  const input = { Bucket: BUCKET, Key: key, Body: 'x', ...(tags !== undefined && { Tagging: tags }) };
  const { VersionId } = await client.send(new PutObjectCommand(input));
  return { bucket: BUCKET, key, versionId: versionIdOf(VersionId ?? 'null') };
}

function inputOf({ bucket, key, versionId }: VersionRef): { Bucket: string; Key: string; VersionId: string } {
  return { Bucket: bucket, Key: key, VersionId: versionId };
}

function isLock({ name }: SeenRequest): boolean {
  return name === 'PutObjectRetention';
}
