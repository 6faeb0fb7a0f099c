/** How fast the direct engine locks, against the two requests that any lock needs, and what people use instead. */
import {
  GetObjectRetentionCommand,
  HeadObjectCommand,
  PutObjectRetentionCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { type VersionRef } from '../lib/ports/lock-store.ts';
import { directEngine } from './direct-engine.ts';
import { awsCli, type Script, startBoto3 } from './direct-scripts.ts';
import { atOnce, CONNECTIONS, type DirectStore, openStores, uploads } from './direct-store.ts';
import { type Contestant, type Costs, interleave, type Ratio, ratioOf } from './measure.ts';
import { type Section, shown } from './section.ts';

const ROUNDS = 20;
const YEAR = 366 * 86_400_000;
const AIM = 0.8;
const SCRIPT_AIM = 2;

export async function benchDirect(): Promise<Section> {
  const stores = await openStores();
  try {
    const rows: string[][] = [];
    for (const store of stores) rows.push(...(await raceOn(store)));
    if (stores.length === 1) rows.push(['Ceph RGW', 'HOLDFAST_TEST_RGW names none', '', '']);
    return {
      title: 'direct engine: versions a second',
      meaning: [
        `${ROUNDS} rounds on each store, in which everybody locks new versions of their own under GOVERNANCE: ${stores.map(({ name, perRound }) => `${(ROUNDS * perRound).toLocaleString('en')} in all on ${name}`).join(', ')}; the script a quarter, the AWS CLI ${ROUNDS}.`,
        `The direct engine is \`runDirect\` on ${CONNECTIONS} connections: HEAD, decide, PutObjectRetention, GetObjectRetention to confirm, a record stored by fsync, the journal.`,
        'Pairs: HeadObject and PutObjectRetention by the same client of the AWS SDK over as many connections. With a read-back: the same and GetObjectRetention, which is the work of the engine without deciding and recording.',
        `boto3: \`bench/pairs.py\`, ${CONNECTIONS} threads. AWS CLI: two commands for each version, one after the other.`,
        'Rate / rate: the median of the rounds, with four fifths of them in the brackets. Client and store share two cores here; the embedded S3 is a process of its own.',
      ],
      head: ['store', 'versions a second', 'ratio', 'aim'],
      rows,
    };
  } finally {
    for (const { stop } of stores) stop();
  }
}

async function raceOn(store: DirectStore): Promise<string[][]> {
  const { client, perRound } = store;
  const boto3 = await startBoto3(store);
  const cli = awsCli(store);
  const contestant = (name: string, count: number, lock: Script['lock']): Contestant => ({
    name,
    async round() {
      const refs = await uploads(store, count);
      return (await lock(refs)) / count;
    },
  });
  const contestants = [
    contestant('direct', perRound, directEngine(store)),
    contestant('pairs', perRound, async (refs) => timedAll(refs, async (ref) => pair(client, ref))),
    contestant('confirmed', perRound, async (refs) =>
      timedAll(refs, async (ref) => {
        await pair(client, ref);
        await client.send(new GetObjectRetentionCommand(inputOf(ref)));
      }),
    ),
    ...(boto3 === undefined ? [] : [contestant('boto3', Math.floor(perRound / 4), boto3.lock)]),
    ...(cli === undefined ? [] : [contestant('aws', 1, cli.lock)]),
  ];
  await interleave(contestants.slice(0, 3), 2);
  const costs = await interleave(contestants, ROUNDS);
  boto3?.stop();
  return rowsOf(store.name, costs);
}

function rowsOf(store: string, costs: Costs): string[][] {
  // Costs are times, so the rates compare the other way round.
  const row = (what: string, name: string, aim?: number, missing = 'not installed'): string[] => {
    if (!costs.has(name)) return [store, what, missing, ''];
    const ratio = ratioOf(costs, name, 'direct');
    return [store, what, shown(ratio), aim === undefined ? '' : atLeast(ratio, aim)];
  };
  return [
    row('direct engine / pairs', 'pairs', AIM),
    row('direct engine / pairs with a read-back', 'confirmed'),
    row(`direct engine / boto3, ${CONNECTIONS} threads`, 'boto3', SCRIPT_AIM),
    row('direct engine / AWS CLI in a loop', 'aws'),
  ];
}

function atLeast({ middle }: Ratio, least: number): string {
  return `${middle >= least ? 'met' : 'missed'}: at least ${least}`;
}

async function timedAll(
  refs: readonly VersionRef[],
  work: (ref: VersionRef) => Promise<void>,
): Promise<number> {
  const start = performance.now();
  await atOnce(refs.values(), work);
  return performance.now() - start;
}

async function pair(client: S3Client, ref: VersionRef): Promise<void> {
  const { LastModified } = await client.send(new HeadObjectCommand(inputOf(ref)));
  const RetainUntilDate = new Date((LastModified?.getTime() ?? Number.NaN) + YEAR);
  const Retention = { Mode: 'GOVERNANCE' as const, RetainUntilDate };
  await client.send(new PutObjectRetentionCommand({ ...inputOf(ref), Retention }));
}

function inputOf({ bucket, key, versionId }: VersionRef): { Bucket: string; Key: string; VersionId: string } {
  return { Bucket: bucket, Key: key, VersionId: versionId };
}
