/** How many requests of a route wait for the one before, counted from what its clients send. */
import { openOver } from './hold-matter.ts';
import { CASES } from './hold-path.ts';
import { type ApiFunction, type Asking, type Stack } from './api-path.ts';
import { RequestProbe, type SeenRequest } from './request-probe.ts';
import { type Section } from './section.ts';
import { type VersionRef } from '../lib/ports/lock-store.ts';

/** Matters that are in force: one with a single page of a roll, and one with as many as are looked through. */
export interface Matters {
  readonly small: string;
  readonly large: string;
  readonly refs: readonly VersionRef[];
  readonly pages: number;
}

export async function roundTripsOf(stack: Stack, matters: Matters): Promise<Section> {
  const probe = new RequestProbe();
  const one = stack.function(probe);
  const [ana, ben] = [await stack.tokenOf('ana'), await stack.tokenOf('ben')];
  const rows: string[][] = [];
  const count = async (what: string, asking: Asking): Promise<string> => {
    probe.take();
    const text = await one.ask(asking);
    const seen = probe.take();
    const longest = Math.max(0, ...seen.map(({ depth }) => depth));
    rows.push([what, String(longest), String(seen.length), inOrder(seen)]);
    return text;
  };
  const { small, large, refs, pages } = matters;
  const [first, second] = refs;
  if (first === undefined || second === undefined) throw new Error('two versions are needed');
  const scope = { versions: [named(first)] };
  const selector = { bucket: CASES, prefix: 'small/' };
  const get = async (what: string, path = what): Promise<string> =>
    count(`GET ${what}`, { line: `GET ${path}`, token: ana });
  const post = async (what: string, path: string, body?: object, token = ana): Promise<string> =>
    count(`POST ${what}`, { line: `POST ${path}`, token, ...(body && { body }) });

  // What a warm function has already: the keys of the issuer, a stream of the log, connections.
  await warm(one, small, ana);
  await get('/openapi.json');
  await get('/matters, of two', '/matters');
  await get('/matters/{id}, a page of its roll', `/matters/${small}`);
  await get(`/matters/{id}, ${pages} pages of its roll`, `/matters/${large}`);
  await get('/matters/{id}/roll, a page', `/matters/${small}/roll`);
  await get('/matters/{id}/roll/pages, a page', `/matters/${small}/roll/pages`);
  await get('/objects/lock', `/objects/lock?${lockQuery(first)}`);
  await get('/runs');
  await post('/matters/preview, 100 versions', '/matters/preview', { scope: { selector } });
  const texts = { title: 'Doe v. Example', reason: 'x' };
  const opened = await post('/matters, one version', '/matters', { ...texts, scope });
  const { id } = JSON.parse(opened) as { id: string };
  await post('/matters, a selector', '/matters', { ...texts, scope: { selector } });
  await post('/matters/{id}/scopes, one version', `/matters/${id}/scopes`, {
    scope: { versions: [named(second)] },
  });
  await post('/matters/{id}/release', `/matters/${id}/release`, { reason: 'x' });
  await post('/matters/{id}/release/approval', `/matters/${id}/release/approval`, undefined, ben);
  one.close();
  return {
    title: 'API: round trips that wait for the one before',
    meaning: [
      'Counted from what the clients of a warm function send until the answer: S3, the ledger on DynamoDB, the queue, and the record of the request with its searchable copy (PutObject and PutLogEvents at the end).',
      'The longest chain tells what an answer takes on a real network; requests that go at once count once there.',
    ],
    head: ['route', 'longest chain', 'requests', 'in their order'],
    rows,
  };
}

/** Opens what is asked about. */
export async function openMatters(
  stack: Stack,
  refs: readonly VersionRef[],
  pages: number,
): Promise<Matters> {
  const [first, ...others] = Array.from({ length: 4 }, () => stack.function());
  if (first === undefined) throw new Error('no function');
  const fleet = { pump: stack.pump, functions: [first.holds, ...others.map(({ holds }) => holds)] } as const;
  const { id: small } = await openOver('small/', refs.length, fleet);
  const { id: large } = await openOver('large/', pages * 100, fleet);
  for (const one of [first, ...others]) one.close();
  return { small, large, refs, pages };
}

export function lockQuery({ bucket, key, versionId }: VersionRef): string {
  return `bucket=${bucket}&key=${encodeURIComponent(key)}&versionId=${encodeURIComponent(versionId)}`;
}

async function warm({ ask }: ApiFunction, matter: string, token: string): Promise<void> {
  await ask({ line: `GET /matters/${matter}`, token });
}

function named({ bucket, key, versionId }: VersionRef): object {
  return { bucket, key, versionId };
}

/** Names in the order of their ends, with what comes again and again written once. */
function inOrder(seen: readonly SeenRequest[]): string {
  const runs: { name: string; times: number }[] = [];
  for (const { name } of seen) {
    const last = runs.at(-1);
    if (last?.name === name) last.times += 1;
    else runs.push({ name, times: 1 });
  }
  return runs.map(({ name, times }) => (times === 1 ? name : `${times} x ${name}`)).join(', ');
}
