/** Act three: what goes wrong in real life, and how each case ends with a record. */
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import type { Act } from './act.ts';
import { publishEvent, type SeenRecord, type Stage } from './stage.ts';

export interface HardRow {
  readonly happened: string;
  readonly must: string;
  readonly ended: string;
  readonly record: string;
  readonly remark: string;
  readonly ok: boolean;
}

interface Case {
  readonly happened: string;
  readonly must: string;
  readonly right: (record: SeenRecord) => boolean;
  readonly play: (stage: Stage) => Promise<SeenRecord | undefined>;
}

const CASES: readonly Case[] = [
  {
    happened: 'a tag asks for 999 years',
    must: 'locked for otherwise, and reported',
    right: ({ outcome, reports }) => outcome === 'locked' && reports?.[0]?.detail.includes('999') === true,
    play: async (stage) => {
      const outcome = stage.outcomeOf('hard/999-years.txt');
      await upload(stage, stage.bucket, 'hard/999-years.txt', 'retention=P999Y');
      return outcome;
    },
  },
  {
    happened: 'an upload into a bucket without lock',
    must: 'recorded, with what to do',
    right: ({ outcome, next }) => outcome === 'no-lock-on-bucket' && next !== undefined,
    play: async (stage) => {
      const outcome = stage.nextRecord(
        ({ bucket, phase }) => bucket === stage.openBucket && phase === 'outcome',
      );
      await upload(stage, stage.openBucket, 'hard/open.txt');
      return outcome;
    },
  },
  {
    happened: 'its event comes a second time',
    must: 'found in place, not locked twice',
    right: ({ outcome }) => outcome === 'found-in-place',
    play: async (stage) => {
      const first = stage.outcomeOf('hard/twice.txt');
      const versionId = await upload(stage, stage.bucket, 'hard/twice.txt');
      await first;
      const second = stage.outcomeOf('hard/twice.txt');
      publishEvent(stage, 'Object Created', 'hard/twice.txt', versionId);
      return second;
    },
  },
  {
    happened: 'the event of an older version comes late',
    must: 'found in place, the newer untouched',
    right: ({ outcome }) => outcome === 'found-in-place',
    play: async (stage) => {
      const key = 'hard/late.txt';
      const first = stage.outcomeOf(key);
      const older = await upload(stage, stage.bucket, key);
      await first;
      const newer = stage.outcomeOf(key);
      await upload(stage, stage.bucket, key);
      await newer;
      const late = stage.nextRecord((record) => record.phase === 'outcome' && record.versionId === older);
      publishEvent(stage, 'Object Created', key, older);
      return late;
    },
  },
  {
    happened: 'the event of a version that is gone',
    must: 'recorded as gone',
    right: ({ outcome }) => outcome === 'gone',
    play: async (stage) => {
      const key = 'hard/gone.txt';
      const bucket = stage.openBucket;
      const seen = stage.nextRecord((record) => record.key === key && record.phase === 'outcome');
      const versionId = await upload(stage, bucket, key);
      await seen;
      await stage.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }));
      const gone = stage.nextRecord((record) => record.key === key && record.phase === 'outcome');
      publishEvent(stage, 'Object Created', key, versionId, bucket);
      return gone;
    },
  },
  {
    happened: 'killed between the lock and its record',
    must: 'found in place when it comes again',
    right: ({ outcome, after }) => outcome === 'found-in-place' && after?.until !== undefined,
    play: async (stage) => {
      const key = 'hard/crash.txt';
      const killed = stage.cloud.killAtNextRecord('onObjectEvent');
      const again = stage.outcomeOf(key);
      const versionId = await upload(stage, stage.bucket, key);
      await killed;
      publishEvent(stage, 'Object Created', key, versionId);
      return again;
    },
  },
  {
    happened: 'a message that is no S3 event',
    must: 'parked with its reason',
    right: ({ action }) => action === 'parked',
    play: async (stage) => {
      const parked = stage.nextRecord(({ action }) => action === 'parked');
      const detail = { bucket: { name: stage.bucket }, object: {} };
      stage.cloud.publish({ id: randomUUID(), source: 'aws.s3', 'detail-type': 'Object Created', detail });
      return parked;
    },
  },
];

export async function hardAct(stage: Stage): Promise<Act<HardRow>> {
  const rows: HardRow[] = [];
  for (const { happened, must, right, play } of CASES) {
    const record = await play(stage);
    rows.push({
      happened,
      must,
      ended: record?.outcome ?? record?.action ?? 'no record came',
      record: record?.id ?? '',
      remark: record?.reports?.[0]?.detail ?? record?.detail ?? record?.next ?? '',
      ok: record !== undefined && right(record),
    });
  }
  return { name: 'whatever happens, it ends with a record', rows, ok: rows.every(({ ok }) => ok) };
}

async function upload(
  stage: Stage,
  bucket: string,
  key: string,
  tagging?: string,
): Promise<string | undefined> {
  const put = { Bucket: bucket, Key: key, Body: key, ...(tagging !== undefined && { Tagging: tagging }) };
  const { VersionId } = await stage.client.send(new PutObjectCommand(put));
  if (stage.outside) publishEvent(stage, 'Object Created', key, VersionId, bucket);
  return VersionId;
}
