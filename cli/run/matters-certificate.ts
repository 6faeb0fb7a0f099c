/** Writes the certificate of a matter into a folder; loaded only when somebody asks for it. */
import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../lib/aws/system-clock.ts';
import { HoldfastError } from '../../lib/errors.ts';
import { matterViewSchema, pagesSchema } from '../../lib/matters/messages.ts';
import { certificateCsv, certificateHtml } from '../../lib/report/certificate.ts';
import { readRollCsv } from '../../lib/report/read-csv.ts';
import { type CertificateRow, type RollDigest } from '../../lib/report/row.ts';
import { type Api, openApi } from '../api-client.ts';
import { type ApiOptions, matterId } from '../api-options.ts';
import { given } from '../control-options.ts';
import { print, printError, printJson, visible } from '../output.ts';
import { isWorking } from './matters-wait.ts';
import { rollPages } from './matters-roll.ts';

export interface CertificateOptions extends ApiOptions {
  readonly out: string;
  readonly force?: true;
  readonly records?: string;
}

/** Words in capitals stand for what a reader has to put in their place, as the certificate says. */
const UNNAMED = 'RECORDS-BUCKET';
/** Written at once. */
const CHUNK = 1 << 20;

export async function runCertificate(text: string, options: CertificateOptions): Promise<void> {
  const id = matterId(text);
  const force = options.force === true;
  const html = join(options.out, `certificate-${id}.html`);
  const csv = join(options.out, `certificate-${id}.csv`);
  if (!force) for (const path of [html, csv]) if (existsSync(path)) throw taken(path);
  const api = openApi(options);
  const { value: matter } = await api.get(`/matters/${id}`, matterViewSchema);
  const rows: CertificateRow[] = [];
  for await (const page of rollPages(id, api)) for (const row of readRollCsv(page)) rows.push(row);
  const input = {
    matter,
    rows,
    issuedAt: systemClock.now(),
    issuedBy: api.bearer(),
    rollDigests: await rollDigests(id, api),
    recordsBucket: given(options.records, 'HOLDFAST_AUDIT_BUCKET') ?? UNNAMED,
  };
  inFolder(options.out, () => {
    mkdirSync(options.out, { recursive: true });
    write(html, certificateHtml(input), force);
    try {
      write(csv, certificateCsv(input), force);
    } catch (error) {
      // Half a certificate would be taken for a whole one.
      if (!force) rmSync(html, { force: true });
      throw error;
    }
  });
  if (options.json !== true && input.rollDigests.length === 0)
    printError('the API names no pages of the roll, so the certificate has no digests of them');
  if (isWorking(matter))
    printError(`${id} is ${matter.state}: the certificate says so, and is not the last word`);
  if (options.json === true) printJson({ html, csv, versions: rows.length, pages: input.rollDigests.length });
  else for (const path of [html, csv]) print(visible(path));
}

/** None where the deployment is older than the route that tells them. */
async function rollDigests(id: string, api: Api): Promise<RollDigest[]> {
  const digests: RollDigest[] = [];
  let after: string | undefined;
  do {
    const page = await api
      .get(`/matters/${id}/roll/pages`, pagesSchema, { after })
      .catch((error: unknown) => {
        if (error instanceof HoldfastError && error.status === 404) return undefined;
        throw error;
      });
    if (page === undefined) return [];
    digests.push(...page.value.pages);
    after = page.value.next;
  } while (after !== undefined);
  return digests;
}

/** In place of an older file only as a whole, and never in place of one without `force`. */
function write(path: string, pieces: Iterable<string>, force: boolean): void {
  const target = force ? `${path}.part` : path;
  const file = openSync(target, force ? 'w' : 'wx');
  try {
    let waiting = '';
    for (const piece of pieces) {
      waiting += piece;
      if (waiting.length < CHUNK) continue;
      writeSync(file, waiting);
      waiting = '';
    }
    writeSync(file, waiting);
  } catch (error) {
    rmSync(target, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  if (force) renameSync(target, path);
}

function inFolder(folder: string, work: () => void): void {
  try {
    work();
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && 'path' in cause)) throw cause;
    if (cause.code === 'EEXIST' && cause.path !== folder) throw taken(String(cause.path));
    throw new HoldfastError('bad-input', {
      what: `the certificate cannot be written into ${visible(folder)} (${visible(cause.message)})`,
      next: 'name a folder that you may write to',
      cause,
    });
  }
}

function taken(path: string): HoldfastError {
  return new HoldfastError('bad-input', {
    what: `${visible(path)} is there already`,
    next: 'name another folder with --out, or give --force to write over it',
  });
}
