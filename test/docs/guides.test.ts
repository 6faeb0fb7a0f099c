/** The pages on tools and stores: their policies are valid, their commands run, their links lead somewhere. */
import { type S3Client } from '@aws-sdk/client-s3';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it, jest } from '@jest/globals';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parsePolicy } from '../../lib/policy/parse.ts';
import { providerNamed } from '../../lib/providers/index.ts';
import { holdfast } from '../helpers/cli.ts';
import { startEmbedded } from '../helpers/embedded.ts';

jest.setTimeout(30_000);

const ROOT = resolve(import.meta.dirname, '../..');
const PAGES = [
  'docs/DOCTOR.md',
  ...['guides', 'stores'].flatMap((folder) =>
    readdirSync(join(ROOT, 'docs', folder)).map((name) => `docs/${folder}/${name}`),
  ),
];
const read = (page: string): string => readFileSync(join(ROOT, page), 'utf8');

/** The fenced blocks of a page: their language, and the name that follows it. */
const blocksOf = (page: string): { language: string; name: string; text: string }[] =>
  Array.from(
    read(page).matchAll(/^ *```(\w+)(?: (\S+))?\n([^]*?)^ *```$/gm),
    ([, language = '', name = '', text = '']) => ({ language, name, text }),
  );
const policyOf = (page: string): string | undefined =>
  blocksOf(page).find(({ language, text }) => language === 'yaml' && text.startsWith('version: 1\n'))?.text;

/** The lines of a page that can be typed, without the comments after them. */
const LINES = PAGES.flatMap((page) =>
  blocksOf(page)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => text.split('\n'))
    .map((line) => line.trim().replace(/ +#.*$/, ''))
    .filter((line) => line.startsWith('holdfast '))
    .map((line) => [page, line] as const),
);

const ANY_POLICY = 'version: 1\nrules: [{ name: r, lock: { mode: GOVERNANCE, for: P1Y } }]\n';
const KEYS = ['p1', 'snapshots/1', 'backups/1', 'kopia/ns/p1', 'data/1', 'KEY'];

/** Makes what a line speaks of, but for what it makes itself. */
async function prepare(client: S3Client, line: string): Promise<void> {
  const [, verb] = /^holdfast bucket (\w+)/.exec(line) ?? [];
  const names = Array.from(line.matchAll(/(?:s3:\/\/|--bucket |^holdfast bucket \w+ )([a-z0-9-]+)/g));
  if (verb === 'create') return;
  for (const [, Bucket = ''] of names) {
    await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: verb !== 'enable' }));
    for (const Key of KEYS) await client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
  }
}

/** The arguments of a line, on this store in place of the one that it names; the probe has tests of its own. */
function argumentsOf(line: string, endpoint: string): string[] {
  const words = line
    .replace(/ --(endpoint|region|record|unprivileged-profile) \S+/g, '')
    .replace(/ --provider \.\/\S+/, ' --provider generic')
    .replace(' --probe', '')
    .split(' ')
    .slice(1);
  return words[0] === 'headers' ? words : [...words, '--endpoint', endpoint];
}

describe('pages on tools and stores', () => {
  it('are found, with commands', () => {
    expect(PAGES.length).toBeGreaterThan(12);
    expect(LINES.length).toBeGreaterThan(40);
  });

  it.each(PAGES.filter((page) => policyOf(page) !== undefined))('%s shows a valid policy', (page) => {
    const parsed = parsePolicy(policyOf(page) ?? '', { hash: '', maximum: 'P12Y' });

    expect(parsed.ok ? [] : parsed.problems).toStrictEqual([]);
  });

  it.each(LINES)('%s: %s', async (page, line) => {
    const cwd = mkdtempSync(join(tmpdir(), 'holdfast-guides-'));
    for (const { name, text } of blocksOf(page)) if (name !== '') writeFileSync(join(cwd, name), text);
    writeFileSync(join(cwd, 'policy.yaml'), policyOf(page) ?? ANY_POLICY);
    const [, provider] = / --provider ([a-z0-9-]+)/.exec(line) ?? [];
    if (provider !== undefined) expect(providerNamed(provider).name).toBe(provider);
    const embedded = await startEmbedded();
    await prepare(embedded.clientFor(), line);

    const env = { AWS_ACCESS_KEY_ID: 'owner', AWS_SECRET_ACCESS_KEY: 'secret' };
    const ran = await holdfast(argumentsOf(line, embedded.s3.url), env, cwd);

    await embedded.close();
    // Doctor is asked about buckets that are not right: then it ends with 7.
    const codes = line.startsWith('holdfast doctor') ? [0, 7] : [0];
    expect({ ...ran, isRight: codes.includes(ran.code ?? 1) }).toMatchObject({ isRight: true });
  });

  it.each(PAGES)('%s links to pages that are there', (page) => {
    const links = Array.from(
      read(page).matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g),
      ([, to = '']) => to,
    );

    expect(links.filter((to) => !existsSync(join(ROOT, dirname(page), to)))).toStrictEqual([]);
  });
});
