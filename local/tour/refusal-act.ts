/** Act two: what nobody can do to a locked version, and what a plain delete really does. */
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import type { Act } from './act.ts';
import { publishEvent, type Stage } from './stage.ts';

export interface RefusalRow {
  readonly tried: string;
  readonly must: string;
  readonly answered: string;
  readonly ok: boolean;
}

const NAME = 'locked, and nobody can undo it';
const BODY = 'paid in full';

interface Answer {
  readonly status: number;
  readonly code: string;
  readonly body?: string;
  readonly versionId?: string | undefined;
}

export async function refusalAct(stage: Stage): Promise<Act<RefusalRow>> {
  const { client, bucket: Bucket } = stage;
  const Key = 'invoices/2026/1002.pdf';
  const locked = stage.outcomeOf(Key);
  const { VersionId } = await client.send(new PutObjectCommand({ Bucket, Key, Body: BODY }));
  if (stage.outside) publishEvent(stage, 'Object Created', Key, VersionId);
  const record = await locked;
  const until = record?.after?.until;
  if (until === undefined) {
    const answered = record?.detail ?? record?.outcome ?? 'no record came';
    const row = { tried: 'lock an upload', must: 'locked, and shown as locked', answered, ok: false };
    return { name: NAME, rows: [row], ok: false };
  }
  const version = { Bucket, Key, VersionId };
  const earlier = new Date(Date.parse(until) - 60_000);
  const later = new Date(Date.parse(until) + 60_000);

  const rows: RefusalRow[] = [];
  const attempt = async (
    tried: string,
    must: string,
    right: (answer: Answer) => boolean,
    request: () => Promise<Answer>,
  ): Promise<Answer> => {
    const answer = await request();
    const text = `${answer.status}${answer.code === '' ? '' : ` ${answer.code}`}`;
    rows.push({ tried, must, answered: answer.body ?? text, ok: right(answer) });
    return answer;
  };
  const denied = ({ status, code }: Answer): boolean => status === 403 && code === 'AccessDenied';

  await attempt('delete the locked version', 'refused', denied, () =>
    ask(() => client.send(new DeleteObjectCommand(version))),
  );
  await attempt('shorten its lock by a minute', 'refused', denied, () =>
    ask(() =>
      client.send(
        new PutObjectRetentionCommand({
          ...version,
          Retention: { Mode: 'COMPLIANCE', RetainUntilDate: earlier },
        }),
      ),
    ),
  );
  await attempt('turn COMPLIANCE into GOVERNANCE', 'refused', denied, () =>
    ask(() =>
      client.send(
        new PutObjectRetentionCommand({
          ...version,
          Retention: { Mode: 'GOVERNANCE', RetainUntilDate: later },
        }),
      ),
    ),
  );
  const marker = await attempt(
    'delete it without naming the version',
    'hidden behind a marker',
    ({ status }) => status === 204,
    () => ask(() => client.send(new DeleteObjectCommand({ Bucket, Key }))),
  );
  await attempt(
    'look for it by its key',
    'not found',
    ({ status }) => status === 404,
    () => ask(() => client.send(new HeadObjectCommand({ Bucket, Key }))),
  );
  await attempt(
    'read the version itself',
    'still there',
    ({ body }) => body === `200 "${BODY}"`,
    () =>
      ask(async () => {
        const { Body, $metadata } = await client.send(new GetObjectCommand(version));
        return { $metadata, body: `200 "${(await Body?.transformToString()) ?? ''}"` };
      }),
  );
  await attempt(
    'lock the marker',
    'not possible',
    ({ status }) => status === 405 || status === 404,
    () =>
      ask(() =>
        client.send(
          new PutObjectRetentionCommand({
            Bucket,
            Key,
            VersionId: marker.versionId,
            Retention: { Mode: 'GOVERNANCE', RetainUntilDate: later },
          }),
        ),
      ),
  );
  await attempt(
    'take the marker away',
    'visible again',
    ({ status }) => status === 200,
    async () => {
      await client.send(new DeleteObjectCommand({ Bucket, Key, VersionId: marker.versionId }));
      return ask(() => client.send(new HeadObjectCommand({ Bucket, Key })));
    },
  );
  return { name: NAME, rows, ok: rows.every(({ ok }) => ok) };
}

/** What S3 answered, whether it said yes or no. */
async function ask(
  request: () => Promise<{
    $metadata: { httpStatusCode?: number | undefined };
    body?: string;
    VersionId?: string | undefined;
  }>,
): Promise<Answer> {
  try {
    const { $metadata, body, VersionId } = await request();
    return {
      status: $metadata.httpStatusCode ?? 0,
      code: '',
      versionId: VersionId,
      ...(body !== undefined && { body }),
    };
  } catch (error) {
    if (!(error instanceof S3ServiceException)) throw error;
    const status = error.$metadata.httpStatusCode ?? 0;
    // A HEAD has no body to name its error in.
    return { status, code: error.name === 'Unknown' || error.name === 'NotFound' ? '' : error.name };
  }
}
