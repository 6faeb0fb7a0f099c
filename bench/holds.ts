/** What it costs to hold every version of a matter, and to take the holds off, against the bare requests. */
import { type S3Client } from '@aws-sdk/client-s3';
import { dynamoClient } from '../lib/aws/dynamo-client.ts';
import { DynamoLedger } from '../lib/aws/dynamo-ledger.ts';
import { ObjectLedger } from '../lib/aws/object-ledger.ts';
import { type Ledger } from '../lib/ports/ledger.ts';
import { type VersionRef } from '../lib/ports/lock-store.ts';
import { CONNECTIONS } from './direct-store.ts';
import { type Purpose, RequestCounts } from './hold-counts.ts';
import { type Fleet, openOver, release, uploadCases } from './hold-matter.ts';
import { clientOf, holdFunction, makeAudit, makeBuckets } from './hold-path.ts';
import { HoldPump } from './hold-pump.ts';
import { bareScript, carefulScript, type Script } from './hold-scripts.ts';
import { type Ratio } from './measure.ts';
import { MemoryLedger } from './memory-ledger.ts';
import { figure, type Section, shown } from './section.ts';
import { startServer } from './server-process.ts';
import { CREDENTIALS, newTable, startService } from './services.ts';

const LARGE = 100_000;
const VERSIONS = Number(
  process.env.HOLDFAST_BENCH_VERSIONS ?? (process.env.HOLDFAST_BENCH_LARGE === '1' ? LARGE : 20_000),
);
/** Versions of the matters whose requests are counted, before anything is timed. */
const COUNTED = 1_000;
/** Functions that draw on the queue at once; more than the cores can bear would only wait. */
const FUNCTIONS = 4;
/** Later passes look at what was uploaded within 15 minutes before the first: these versions are older. */
const OLDER = 20 * 60_000;

const LEDGERS = ['in memory', 'as objects', 'DynamoDB'] as const;
type LedgerKind = (typeof LEDGERS)[number];
const CAREFUL = 'careful';

interface Servers {
  readonly endpoint: string;
  readonly tables: string;
  readonly client: S3Client;
}

/** The milliseconds that all versions took. */
interface Costs {
  readonly on: number;
  readonly off: number;
}

type Step = keyof Costs;

export async function benchHolds(): Promise<Section[]> {
  const [s3, tables] = await Promise.all([startServer('s3'), startService('tables')]);
  const endpoint = `http://127.0.0.1:${s3.port}`;
  const client = clientOf(endpoint);
  const clients = Array.from({ length: FUNCTIONS }, () => clientOf(endpoint));
  try {
    await makeBuckets(client);
    const servers: Servers = { endpoint, tables: tables.url, client };
    const counted = await countRequests(servers);
    const refs = await uploadCases(client, 'cases/', VERSIONS);
    return [ratiosOf(await race(refs, servers, clients)), counted];
  } finally {
    for (const one of [client, ...clients]) one.destroy();
    s3.stop();
    tables.stop();
  }
}

/** Everybody takes one turn, with the bare requests before and after it. */
async function race(
  refs: readonly VersionRef[],
  servers: Servers,
  clients: readonly S3Client[],
): Promise<Ratios> {
  const both = async (script: Script): Promise<Costs> => ({
    on: await script(refs, 'ON'),
    off: await script(refs, 'OFF'),
  });
  const bare = bareScript(clients);
  await both(bare);
  const contestants: [string, () => Promise<Costs>][] = [
    [CAREFUL, async () => both(carefulScript(clients))],
    ...LEDGERS.map((kind): [string, () => Promise<Costs>] => [kind, async () => lifeOf(kind, servers)]),
  ];
  const ratios: Ratios = new Map();
  let before = await both(bare);
  for (const [name, turn] of contestants) {
    const cost = await turn();
    const after = await both(bare);
    ratios.set(name, {
      on: between(cost.on, before.on, after.on),
      off: between(cost.off, before.off, after.off),
    });
    before = after;
  }
  return ratios;
}

type Ratios = Map<string, Readonly<Record<Step, Ratio>>>;

/** One turn against the bare requests on both sides of it, which tell how the machine was. */
function between(cost: number, before: number, after: number): Ratio {
  const [least, most] = [Math.min(before, after), Math.max(before, after)];
  return { middle: (2 * cost) / (before + after), low: cost / most, high: cost / least };
}

/** Opens a matter over all versions, and releases it. */
async function lifeOf(kind: LedgerKind, servers: Servers): Promise<Costs> {
  const fleet = await fleetOf(kind, servers, OLDER);
  const { id, cost } = await openOver('cases/', VERSIONS, fleet);
  const off = await release(id, VERSIONS, fleet);
  for (const one of fleet.functions) one.close();
  return { on: cost, off };
}

async function fleetOf(
  kind: LedgerKind,
  { endpoint, tables, client }: Servers,
  ahead: number,
): Promise<Fleet> {
  const pump = new HoldPump(ahead);
  const world = { endpoint, pump, audit: await makeAudit(client) };
  const ledger = await ledgerOf(kind, tables, world.audit);
  const one = () => holdFunction({ ...world, ledger });
  return { pump, functions: [one(), ...Array.from({ length: FUNCTIONS - 1 }, one)] };
}

/** An empty ledger, which every function has by a client of its own. */
async function ledgerOf(
  kind: LedgerKind,
  tables: string,
  bucket: string,
): Promise<(control: S3Client) => Ledger> {
  switch (kind) {
    case 'in memory': {
      const ledger = new MemoryLedger();
      return () => ledger;
    }
    case 'as objects':
      return (control) => new ObjectLedger(control, bucket);
    case 'DynamoDB': {
      const table = await newTable(tables);
      return () => new DynamoLedger(dynamoClient({ endpoint: tables, credentials: CREDENTIALS }), table);
    }
  }
}

function ratiosOf(ratios: Ratios): Section {
  const middle = (name: string, step: Step): number => ratios.get(name)?.[step].middle ?? Number.NaN;
  const against = (name: string, other: string, step: Step): string =>
    figure(middle(name, step) / middle(other, step));
  const row = (step: Step, what: string, name: string): string[] => {
    const ratio = ratios.get(name)?.[step];
    return [
      step === 'on' ? 'opening' : 'release',
      what,
      ratio === undefined ? '' : shown(ratio),
      name === CAREFUL ? '' : against(name, CAREFUL, step),
      name === CAREFUL ? '' : against(name, 'in memory', step),
    ];
  };
  return {
    title: 'holds: a matter from its opening to its release',
    meaning: [
      `A matter over ${VERSIONS.toLocaleString('en')} versions, by the use cases of lib/app/matters with their real adapters: from the first listing to the state \`in force\`, and from the approved release to \`released\`. ${LARGE.toLocaleString('en')} versions: with HOLDFAST_BENCH_LARGE=1; any other number: HOLDFAST_BENCH_VERSIONS.`,
      `${FUNCTIONS} functions draw on one queue in memory, each with clients of its own and ${CONNECTIONS} versions at once; the scripts have as many clients and as many versions at once. Time in which all would only wait is skipped.`,
      'Bare requests: PutObjectLegalHold of the same versions by the same clients of the AWS SDK, before and after every turn. Careful script: GetObjectLegalHold, PutObjectLegalHold, GetObjectLegalHold.',
      'Ratio: the time against the mean of both bare turns; in the brackets, against either of them. Records and pages are stored under lock; the searchable copy is left out.',
      'S3 and DynamoDB are embedded servers in processes of their own, which share two cores with the functions: dynalite is slower than DynamoDB, and a round trip costs next to nothing here.',
    ],
    head: ['step', 'who', 'time / bare requests', 'time / careful script', 'time / ledger in memory'],
    rows: (['on', 'off'] as const).flatMap((step) => [
      row(step, 'Holdfast, ledger on DynamoDB', 'DynamoDB'),
      row(step, 'Holdfast, ledger as objects', 'as objects'),
      row(step, 'Holdfast, ledger in memory', 'in memory'),
      row(step, 'careful script', CAREFUL),
    ]),
  };
}

/** Counts by what is asked of the ports; it warms everything up besides. */
async function countRequests(servers: Servers): Promise<Section> {
  await uploadCases(servers.client, 'counted/', COUNTED);
  const counts = new RequestCounts();
  const watched = async (ahead: number): Promise<Fleet> => {
    const { pump, functions } = await fleetOf('DynamoDB', servers, ahead);
    const [first, ...others] = functions;
    return { pump, functions: [counts.watch(first), ...others.map((one) => counts.watch(one))] };
  };
  const rows: string[][] = [];
  for (const [age, ahead] of [
    ['', OLDER],
    [', uploaded just before', 0],
  ] as const) {
    const fleet = await watched(ahead);
    counts.take();
    const { id } = await openOver('counted/', COUNTED, fleet);
    rows.push(countsRow(`opening${age}`, counts.take()));
    await release(id, COUNTED, fleet, () => counts.take());
    if (age === '') rows.push(countsRow('release', counts.take()));
    for (const one of fleet.functions) one.close();
  }
  return {
    title: 'holds: requests for each version',
    meaning: [
      `Counted at the ports over matters of ${COUNTED.toLocaleString('en')} versions, an opening with what the API asks of it; records are left out, since they go together in batches.`,
      'Looks read the bit, or the version. Other requests list versions, and store, list and read the pages of the roll.',
      'What was uploaded within a quarter of an hour before the opening is looked at twice: listings may lag.',
    ],
    head: ['step', 'looks', 'bits set', 'ledger read', 'ledger written', 'others'],
    rows: [...rows, ['careful script', '2.00', '1.00', '0', '0', '0']],
  };
}

function countsRow(step: string, counts: ReadonlyMap<Purpose, number>): string[] {
  const each = (purpose: Purpose): string => figure((counts.get(purpose) ?? 0) / COUNTED);
  return [step, each('looks'), each('bits'), each('ledgerReads'), each('ledgerWrites'), each('others')];
}
