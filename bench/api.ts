/** How many requests a second the API answers, against an empty route of the same gateway. */
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { type ApiFunction, type Asking, type Stack, startStack } from './api-path.ts';
import { lockQuery, type Matters, openMatters, roundTripsOf } from './api-routes.ts';
import { uploadCases } from './hold-matter.ts';
import { type Contestant, interleave, ratioOf } from './measure.ts';
import { type Section, shown } from './section.ts';

const CLIENTS = 50;
const ROUNDS = Number(process.env.HOLDFAST_BENCH_ROUNDS ?? 6);
const WARM_UP = 2;
/** Requests of a round, by how long they take. */
const MANY = 1_000;
const SOME = 200;
/** Pages of the roll of the large matter: more are not looked through for exceptions. */
const PAGES = 50;
/** The versions are to be older than the overlap of two listings (milliseconds). */
const OLDER = 20 * 60_000;

export async function benchApi(): Promise<Section[]> {
  const stack = await startStack(OLDER);
  try {
    const refs = await uploadCases(stack.client, 'small/', 100);
    await uploadCases(stack.client, 'large/', PAGES * 100);
    const matters = await openMatters(stack, refs, PAGES);
    return [await ratesOf(stack, matters), await roundTripsOf(stack, matters)];
  } finally {
    await stack.stop();
  }
}

async function ratesOf(stack: Stack, { small, large, refs }: Matters): Promise<Section> {
  const functions = Array.from({ length: CLIENTS }, () => stack.function());
  const empty = Array.from({ length: CLIENTS }, () => stack.emptyFunction());
  const token = await stack.tokenOf('ana');
  const [ref] = refs;
  if (ref === undefined) throw new Error('a version is needed');
  const version = { Bucket: ref.bucket, Key: ref.key, VersionId: ref.versionId };
  const route = (name: string, line: string, count: number, by: Answering = functions): Contestant => ({
    name,
    round: async () => timedAll(by, count, async ({ ask }) => ask({ line, token })),
  });
  const contestants = [
    route('empty', `GET /matters/${small}`, MANY, empty),
    route('document', 'GET /openapi.json', SOME),
    route('small', `GET /matters/${small}`, SOME),
    route('large', `GET /matters/${large}`, CLIENTS),
    route('lock', `GET /objects/lock?${lockQuery(ref)}`, SOME),
    {
      name: 'head',
      round: async () =>
        timedAll(functions, SOME, async ({ holds: { managed } }) =>
          managed.send(new HeadObjectCommand(version)),
        ),
    },
  ];
  await interleave(contestants, WARM_UP);
  const costs = await interleave(contestants, ROUNDS);
  for (const one of functions) one.close();
  // Costs are times, so the rates compare the other way round.
  const row = (what: string, name: string): string[] => [
    what,
    shown(ratioOf(costs, 'empty', name)),
    shown(ratioOf(costs, 'head', name)),
  ];
  return {
    title: 'API: requests a second',
    meaning: [
      `${CLIENTS} clients ask at once, each of a function of its own with its own clients of the AWS SDK, as on Lambda; all in one process through lib/http/handle.ts, with tokens verified against the keys of an issuer.`,
      'Empty route: the same gateway and token, with use cases that answer `{}` at once and record nothing. HEAD: one HeadObject by the same clients of the SDK, without the API.',
      'Every route of people records that it was asked, and waits until the record and its searchable copy are stored; GET /openapi.json is open to everybody, and records nothing.',
      `Rate / rate: the median of ${ROUNDS} rounds, with four fifths of them in the brackets. S3, DynamoDB, SQS and the log are embedded servers in processes of their own, which share two cores with the API: a round trip costs next to nothing here, and most of an answer on a real network (see the next table).`,
    ],
    head: ['route', 'rate / empty route', 'rate / HEAD alone'],
    rows: [
      row('GET /matters/{id}, a page of its roll', 'small'),
      row(`GET /matters/{id}, ${PAGES} pages of its roll`, 'large'),
      row('GET /objects/lock', 'lock'),
      row('GET /openapi.json', 'document'),
      row('HEAD alone', 'head'),
    ],
  };
}

type Answering = readonly { readonly ask: (asking: Asking) => Promise<string> }[];

/** Milliseconds for each request, with as many under way as there are functions. */
async function timedAll<T extends Answering[number] | ApiFunction>(
  functions: readonly T[],
  count: number,
  work: (one: T) => Promise<unknown>,
): Promise<number> {
  let left = count;
  const start = performance.now();
  await Promise.all(
    functions.map(async (one) => {
      while (left > 0) {
        left -= 1;
        await work(one);
      }
    }),
  );
  return (performance.now() - start) / count;
}
