/** How many locks the embedded S3 takes a second, against a server that does nothing. */
import { type Contestant, type Costs, interleave, median, ratioOf } from './measure.ts';
import { figure, type Section, shown } from './section.ts';
import { type ServerProcess, startServer } from './server-process.ts';
import { type Call, SignedClient } from './signed-client.ts';

const LEVELS = [1, 8, 32] as const;
const ROUNDS = 9;
/** Shared evenly by the connections of every level. */
const REQUESTS = 384;
const DAY = 86_400_000;

/** Makes the next request of a connection, the same for both servers. */
type NextLock = (connection: number) => Call;

interface Target {
  readonly server: ServerProcess;
  readonly next: NextLock;
}

/** Races PutObjectRetention on the embedded S3 with the same requests to a bare server. */
export async function benchEmbeddedS3(): Promise<Section> {
  const [s3, floor] = await Promise.all([startServer('s3'), startServer('floor')]);
  try {
    const next = await locksOf(s3);
    const cpu = new Map<string, number[]>();
    const runners = LEVELS.flatMap((connections) => [
      contestant(`s3 ${connections}`, { server: s3, next }, connections, cpu),
      contestant(`floor ${connections}`, { server: floor, next }, connections, cpu),
    ]);
    await interleave(runners, 2);
    cpu.clear();
    return sectionOf(await interleave(runners, ROUNDS), cpu);
  } finally {
    s3.stop();
    floor.stop();
  }
}

function sectionOf(costs: Costs, cpu: Costs): Section {
  return {
    title: 'embedded S3: PutObjectRetention a second',
    meaning: [
      `${(ROUNDS * REQUESTS).toLocaleString('en')} signed requests per level, each extending the lock of a version; client and server are processes of their own.`,
      'The floor is the same client and the same requests against a `node:http` server that answers 200 to everything.',
      'Rate / floor: 1.0 would mean that S3 costs nothing on top of HTTP; where the client is the slower part, it hides some of the difference.',
      "Server work / floor: processor time of the server's process per request, which the client cannot hide.",
      'Scaling: rate compared with one connection; with two cores, one of which the client uses, little is to be won.',
    ],
    head: ['connections', 'rate / floor', 'server work / floor', 'scaling of S3', 'scaling of the floor'],
    rows: LEVELS.map((connections) => [
      String(connections),
      // Costs are times, so the rates compare the other way round.
      shown(ratioOf(costs, `floor ${connections}`, `s3 ${connections}`)),
      figure(median(cpu.get(`s3 ${connections}`) ?? []) / median(cpu.get(`floor ${connections}`) ?? [])),
      shown(ratioOf(costs, 's3 1', `s3 ${connections}`)),
      shown(ratioOf(costs, 'floor 1', `floor ${connections}`)),
    ]),
  };
}

/** Puts an object per connection into a bucket with Object Lock; the requests extend their locks. */
async function locksOf({ port }: ServerProcess): Promise<NextLock> {
  const client = new SignedClient(port, 1);
  await succeed(client, {
    method: 'PUT',
    path: '/bench',
    headers: { 'x-amz-bucket-object-lock-enabled': 'true' },
  });
  const targets: { path: string; versionId: string }[] = [];
  for (let at = 0; at < Math.max(...LEVELS); at += 1) {
    const path = `/bench/invoices/${at}.pdf`;
    targets.push({ path, versionId: await succeed(client, { method: 'PUT', path, body: `invoice ${at}` }) });
  }
  client.close();

  const start = Date.now() + DAY;
  let sent = 0;
  // A version belongs to one connection: requests that overtook each other would ask for a shorter lock.
  return (connection) => {
    const { path, versionId } = targets[connection] ?? { path: '', versionId: '' };
    const until = new Date(start + sent * 1_000).toISOString();
    sent += 1;
    const body = `<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>${until}</RetainUntilDate></Retention>`;
    return { method: 'PUT', path, query: { retention: '', versionId }, body };
  };
}

async function succeed(client: SignedClient, call: Call): Promise<string> {
  const { status, text, versionId } = await client.send(call);
  if (status !== 200) throw new Error(`${call.method} ${call.path} was answered ${status}: ${text}`);
  return versionId ?? '';
}

function contestant(
  name: string,
  { server, next }: Target,
  connections: number,
  cpu: Map<string, number[]>,
): Contestant {
  const client = new SignedClient(server.port, connections);
  const use = async (connection: number): Promise<void> => {
    for (let sent = 0; sent < REQUESTS / connections; sent += 1) await succeed(client, next(connection));
  };
  return {
    name,
    async round() {
      const cpuBefore = await server.cpu();
      const start = performance.now();
      await Promise.all(Array.from({ length: connections }, (_, connection) => use(connection)));
      const cost = performance.now() - start;
      const used = (await server.cpu()) - cpuBefore;
      cpu.set(name, [...(cpu.get(name) ?? []), used]);
      return cost;
    },
  };
}
