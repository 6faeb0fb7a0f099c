/** The act of the tour in which two legal cases need the same versions, and one of them is released. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  GetObjectLegalHoldCommand,
  GetObjectRetentionCommand,
  type ObjectLockRetention,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import * as z from 'zod';
import { systemClock } from '../lib/aws/system-clock.ts';
import {
  eventAnswerSchema,
  matterViewSchema,
  type MatterView,
  pagesSchema,
} from '../lib/matters/messages.ts';
import { certificateHtml } from '../lib/report/certificate.ts';
import { readRollCsv } from '../lib/report/read-csv.ts';
import type { Cloud } from '../local/cloud.ts';
import type { Act } from '../local/tour/tour.ts';

export interface HoldRow {
  readonly done: string;
  readonly by: string;
  readonly must: string;
  readonly seen: string;
  readonly ok: boolean;
}

const BUCKET = 'cases';
/** In both matters, and in the first alone. */
const SHARED = 200;
const ALONE = 100;
/** How long the work on a matter may take (milliseconds). */
const PATIENCE = 60_000;
const LOOK = 250;

interface Version {
  readonly key: string;
  readonly versionId: string;
}

interface People {
  readonly ann: string;
  readonly bob: string;
}

/** @param folder - where the certificate is written. */
export async function holdsAct(cloud: Cloud, folder: string): Promise<Act<HoldRow>> {
  const { url: endpoint, region, credentials } = cloud;
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  const rows: HoldRow[] = [];
  const row = (done: string, by: string, must: string, seen: string, ok: boolean): void => {
    rows.push({ done, by, must, seen, ok });
  };
  try {
    await client.send(new CreateBucketCommand({ Bucket: BUCKET, ObjectLockEnabledForBucket: true }));
    const alone = await uploads(client, 'mail/ann/', ALONE);
    const shared = await uploads(client, 'mail/board/', SHARED);
    const people = await tokens(cloud);

    const doe = await open(cloud, people.ann, 'Doe v. Example', 'mail/');
    const tax = await open(cloud, people.ann, 'Tax audit 2026', 'mail/board/');
    const [doeInForce, taxInForce] = await Promise.all([
      settled(cloud, people.ann, doe),
      settled(cloud, people.ann, tax),
    ]);
    row(
      'opens "Doe v. Example" over mail/',
      'Ann',
      `${ALONE + SHARED} held`,
      heldText(doeInForce),
      isHeld(doeInForce, ALONE + SHARED),
    );
    row(
      'opens "Tax audit 2026" over mail/board/',
      'Ann',
      `${SHARED} held, by both`,
      heldText(taxInForce),
      isHeld(taxInForce, SHARED),
    );

    const [late] = await uploads(client, 'mail/ann/late-', 1);
    const isLateHeld = late !== undefined && (await within(async () => isOn(client, late)));
    row('uploads mail/ann/late-0', 'anybody', 'held on arrival', isLateHeld ? 'ON' : 'OFF', isLateHeld);

    const asked = await call(cloud, people.ann, 'POST', `/matters/${doe}/release`, {
      reason: 'settled out of court',
    });
    const own = await call(cloud, people.ann, 'POST', `/matters/${doe}/release/approval`);
    row(
      'asks to release "Doe v. Example"',
      'Ann',
      'asked, nothing is taken off',
      String(asked.status),
      asked.status === 200,
    );
    row(
      'approves her own request',
      'Ann',
      'refused: self-approval',
      codeOf(own),
      own.status === 403 && codeOf(own) === 'self-approval',
    );
    const approved = await call(cloud, people.bob, 'POST', `/matters/${doe}/release/approval`);
    const released = await settled(cloud, people.ann, doe);
    row(
      'approves it',
      'Bob',
      'released',
      released.state,
      approved.status === 202 && released.state === 'released',
    );
    const off = await offOf(client, [...alone, ...(late ? [late] : [])]);
    row('', '', `what Doe alone needed is OFF`, `${off} of ${ALONE + 1} OFF`, off === ALONE + 1);
    const sharedOff = await offOf(client, shared);
    row('', '', 'what the tax audit needs stays ON', `${sharedOff} of ${SHARED} OFF`, sharedOff === 0);

    rows.push(await employeeRow(cloud, client, people.ann));
    const path = await writeCertificate(cloud, people.ann, tax, folder);
    row('writes the certificate of "Tax audit 2026"', 'Ann', 'a page to print', path, true);
  } finally {
    client.destroy();
  }
  return { name: 'one hold bit, two legal cases, two people', rows, ok: rows.every(({ ok }) => ok) };
}

/** An employee leaves: the file that was held until then gets its date. */
async function employeeRow(cloud: Cloud, client: S3Client, token: string): Promise<HoldRow> {
  const [file] = await uploads(client, 'hr/4711-', 1);
  const version = { Bucket: BUCKET, Key: file?.key, VersionId: file?.versionId };
  const retention = async (): Promise<ObjectLockRetention | undefined> => {
    try {
      return (await client.send(new GetObjectRetentionCommand(version))).Retention;
    } catch {
      return undefined; // there is none yet
    }
  };
  const isHeld = await within(async () => (await retention())?.EventHold === 'ON');
  const answer = await call(cloud, token, 'POST', '/events', {
    event: 'employment-ended',
    action: 'release',
    scope: { versions: [{ bucket: BUCKET, key: file?.key }] },
  });
  const posted = eventAnswerSchema.safeParse(answer.body);
  const after = await retention();
  const years = ((after?.RetainUntilDate?.getTime() ?? 0) - systemClock.now()) / (365.25 * 86_400_000);
  const seen = `${isHeld ? 'held' : 'not held'}, then ${after?.Mode ?? 'none'} until ${after?.RetainUntilDate?.toISOString().slice(0, 10) ?? '–'}`;
  return {
    done: 'posts "employment-ended" for hr/4711-0',
    by: 'Ann',
    must: 'held until then, and six years from now on',
    seen,
    ok: isHeld && posted.success && after?.EventHold !== 'ON' && years > 5.9 && years < 6.2,
  };
}

async function uploads(client: S3Client, prefix: string, count: number): Promise<Version[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, at) => {
      const key = `${prefix}${at}`;
      const { VersionId } = await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: key }));
      return { key, versionId: VersionId ?? '' };
    }),
  );
}

async function isOn(client: S3Client, { key, versionId }: Version): Promise<boolean> {
  try {
    const answer = await client.send(
      new GetObjectLegalHoldCommand({ Bucket: BUCKET, Key: key, VersionId: versionId }),
    );
    return answer.LegalHold?.Status === 'ON';
  } catch {
    return false; // there never was one
  }
}

async function offOf(client: S3Client, versions: readonly Version[]): Promise<number> {
  const held = await Promise.all(versions.map(async (version) => isOn(client, version)));
  return held.filter((on) => !on).length;
}

async function tokens({ tokens: issuer }: Cloud): Promise<People> {
  const groups = ['legal'];
  return {
    ann: await issuer.issue({
      sub: 'ann',
      name: 'Ann',
      scope: 'matters:read matters:write matters:approve',
      groups,
    }),
    bob: await issuer.issue({ sub: 'bob', name: 'Bob', scope: 'matters:read matters:approve', groups }),
  };
}

interface Answered {
  readonly status: number;
  readonly body: unknown;
  readonly text: string;
}

async function call(
  { api }: Cloud,
  token: string,
  method: string,
  path: string,
  body?: object,
): Promise<Answered> {
  const response = await fetch(`${api.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return { status: response.status, text, body: isJson ? (JSON.parse(text) as unknown) : undefined };
}

async function open(cloud: Cloud, token: string, title: string, prefix: string): Promise<string> {
  const scope = { selector: { bucket: BUCKET, prefix } };
  const { body } = await call(cloud, token, 'POST', '/matters', {
    title,
    reason: 'shown by the tour',
    scope,
  });
  return matterViewSchema.parse(body).id;
}

/** The matter when nothing is being done about it any more. */
async function settled(cloud: Cloud, token: string, id: string): Promise<MatterView> {
  let matter: MatterView | undefined;
  await within(async () => {
    matter = matterViewSchema.parse((await call(cloud, token, 'GET', `/matters/${id}`)).body);
    return matter.scopes.every(({ working }) => working === undefined);
  });
  if (matter === undefined) throw new Error(`nothing was heard of ${id}`);
  return matter;
}

async function within(isSo: () => Promise<boolean>): Promise<boolean> {
  const until = systemClock.now() + PATIENCE;
  while (systemClock.now() < until) {
    if (await isSo()) return true;
    await systemClock.wait(LOOK);
  }
  return false;
}

function isHeld({ state, scopes }: MatterView, versions: number): boolean {
  return state === 'in force' && scopes.reduce((sum, { counts }) => sum + counts.on, 0) === versions;
}

function heldText({ state, scopes }: MatterView): string {
  return `${scopes.reduce((sum, { counts }) => sum + counts.on, 0)} ON, ${state} as of ${scopes[0]?.asOf ?? '–'}`;
}

function codeOf({ body }: Answered): string {
  return z.object({ code: z.string() }).safeParse(body).data?.code ?? 'no code';
}

async function writeCertificate(cloud: Cloud, token: string, id: string, folder: string): Promise<string> {
  const matter = matterViewSchema.parse((await call(cloud, token, 'GET', `/matters/${id}`)).body);
  const roll = await call(cloud, token, 'GET', `/matters/${id}/roll`);
  const pages = pagesSchema.parse((await call(cloud, token, 'GET', `/matters/${id}/roll/pages`)).body);
  const html = certificateHtml({
    matter,
    rows: [...readRollCsv(roll.text)],
    issuedAt: systemClock.now(),
    issuedBy: 'the tour',
    rollDigests: pages.pages,
    recordsBucket: cloud.bucketOf('AuditBucket'),
  });
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `certificate-${id}.html`);
  writeFileSync(path, [...html].join(''));
  return path;
}
