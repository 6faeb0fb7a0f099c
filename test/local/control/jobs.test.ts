import { GetObjectLegalHoldCommand, GetObjectRetentionCommand } from '@aws-sdk/client-s3';
import {
  CreateJobCommand,
  DeleteJobTaggingCommand,
  DescribeJobCommand,
  GetJobTaggingCommand,
  type JobStatus,
  ListJobsCommand,
  PutJobTaggingCommand,
  type RequestedJobStatus,
  UpdateJobPriorityCommand,
  UpdateJobStatusCommand,
} from '@aws-sdk/client-s3-control';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { CloudEvent } from '../../../local/event-bridge.ts';
import { refusalOf } from '../s3/support/client.ts';
import { AccountId, startWorld, type World } from './support/world.ts';

const DAY = 86_400_000;
const UNTIL = new Date('2036-01-01T00:00:00.123Z');
const EARLIER = new Date('2035-01-01T00:00:00Z');

let world: World;
afterEach(async () => world.close());

const retain = (Retention: object, BypassGovernanceRetention?: boolean) => ({
  S3PutObjectRetention: {
    Retention,
    ...(BypassGovernanceRetention !== undefined && { BypassGovernanceRetention }),
  },
});
const governance = { Mode: 'GOVERNANCE', RetainUntilDate: UNTIL } as const;
const locked = { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: UNTIL } as const;

const retentionOf = async (Key: string, VersionId?: string) =>
  (await world.s3.send(new GetObjectRetentionCommand({ Bucket: 'docs', Key, VersionId }))).Retention;

/** Resolves when a job was let into a status, and keeps it there. */
function gate(status: JobStatus) {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, hold: async (job: { status: string }) => (job.status === status ? opened : undefined) };
}

describe('a retention job', () => {
  it('locks the versions that it names, to the millisecond', async () => {
    world = await startWorld();
    const old = await world.upload('a');
    const current = await world.upload('a');

    const id = await world.create({ Operation: retain(governance), manifest: `docs,a,${old}\n` });

    expect(await world.control.until(id)).toMatchObject({ status: 'Complete', total: 1, succeeded: 1 });
    expect(await retentionOf('a', old)).toStrictEqual(governance);
    expect((await refusalOf(retentionOf('a', current))).code).toBe('NoSuchObjectLockConfiguration');
  });

  it('acts on the version that is current when its task runs, where none is named', async () => {
    const { open, hold } = gate('Active');
    world = await startWorld({ hold });
    const job = await world.jobOf({ Operation: retain(governance), manifest: 'docs,a\n' });
    const Spec = {
      Format: 'S3BatchOperations_CSV_20180820' as const,
      Fields: ['Bucket' as const, 'Key' as const],
    };
    await world.upload('a');
    const { JobId = '' } = await world.batch.send(
      new CreateJobCommand({ ...job, Manifest: { Spec, Location: job.Manifest?.Location } }),
    );
    await world.control.until(JobId, 'Active');
    const later = await world.upload('a');

    open();
    await world.control.until(JobId);

    expect(await retentionOf('a', later)).toStrictEqual(governance);
  });

  it('removes retention when it names neither mode nor date', async () => {
    const removal = { Operation: retain({}) };
    world = await startWorld();
    const free = await world.upload('a');
    const held = await world.upload('b', locked);

    const id = await world.create({ ...removal, manifest: `docs,a,${free}\ndocs,b,${held}\n` });

    // What still protects is kept, since the role may not bypass it.
    expect(await world.control.until(id)).toMatchObject({ status: 'Complete', succeeded: 1, failed: 1 });
    expect(await retentionOf('b', held)).toStrictEqual(governance);
  });

  it('cannot shorten a lock, not even with a bypass that its role is denied', async () => {
    world = await startWorld();
    const version = await world.upload('a', locked);
    const shorter = { Mode: 'GOVERNANCE', RetainUntilDate: EARLIER };

    const id = await world.create({ Operation: retain(shorter, true), manifest: `docs,a,${version}\n` });

    expect(await world.control.until(id)).toMatchObject({ status: 'Complete', failed: 1 });
    expect(await retentionOf('a', version)).toStrictEqual(governance);
  });

  it('fails as a whole when the bucket has no Object Lock', async () => {
    world = await startWorld();
    const id = await world.create({ Operation: retain(governance), manifest: 'plain,a,v\n' });

    expect(await world.control.until(id)).toMatchObject({
      status: 'Failed',
      succeeded: 0,
      failed: 0,
      failures: [{ code: 'ObjectLockNotEnabled' }],
    });
  });

  it.each([
    [2, { succeeded: 1, failed: 0 }],
    [3, { succeeded: 0, failed: 1 }],
  ])('tries again what S3 refused %d times for the moment', async (times, expected) => {
    let left = times;
    const fault = ({ operation }: { readonly operation: string }) => {
      if (operation !== 'PutObjectRetention' || left === 0) return undefined;
      left -= 1;
      return { status: 503, code: 'SlowDown', message: 'Please reduce your request rate.' };
    };
    world = await startWorld({ attempts: 3 }, { fault });
    const version = await world.upload('a');
    const id = await world.create({ Operation: retain(governance), manifest: `docs,a,${version}\n` });

    expect(await world.control.until(id)).toMatchObject(expected);
  });
});

describe('a hold job', () => {
  it.each(['ON', 'OFF'] as const)('sets the hold %s', async (Status) => {
    world = await startWorld();
    const version = await world.upload('a', { ObjectLockLegalHoldStatus: Status === 'ON' ? 'OFF' : 'ON' });

    const Operation = { S3PutObjectLegalHold: { LegalHold: { Status } } };
    await world.control.until(await world.create({ Operation, manifest: `docs,a,${version}\n` }));

    const { LegalHold } = await world.s3.send(new GetObjectLegalHoldCommand({ Bucket: 'docs', Key: 'a' }));
    expect(LegalHold?.Status).toBe(Status);
  });
});

describe('the threshold', () => {
  const manifest = (count: number): string =>
    Array.from({ length: count }, (_, index) => `docs,k${index},v\n`).join('');

  it('does not end a job of fewer than 1,000 tasks', async () => {
    world = await startWorld({ fault: () => ({ status: 403, code: 'AccessDenied', message: 'no' }) });
    const id = await world.create({ manifest: manifest(999) });

    expect(await world.control.until(id)).toMatchObject({ status: 'Complete', failed: 999 });
  });

  it('ends a job of which more than half has failed', async () => {
    world = await startWorld({ fault: () => ({ status: 403, code: 'AccessDenied', message: 'no' }) });
    const id = await world.create({ manifest: manifest(1_200) });

    const { status, failed, failures } = await world.control.until(id);

    expect([status, failures[0]?.code]).toStrictEqual(['Failed', 'FailureThresholdExceeded']);
    expect(failed).toBeLessThan(1_100);
  });
});

describe('the life of a job', () => {
  const update = async (JobId: string, RequestedJobStatus: RequestedJobStatus, StatusUpdateReason?: string) =>
    world.batch.send(
      new UpdateJobStatusCommand({ AccountId, JobId, RequestedJobStatus, StatusUpdateReason }),
    );
  const describeJob = async (JobId: string) =>
    (await world.batch.send(new DescribeJobCommand({ AccountId, JobId }))).Job ?? {};

  it.each([[true], [undefined]])('waits to be confirmed when confirmation is %s', async (confirmation) => {
    world = await startWorld();
    const version = await world.upload('a');
    const id = await world.create({
      ConfirmationRequired: confirmation,
      manifest: `docs,a,${version}\n`,
    });
    await world.control.until(id, 'Suspended');
    const waiting = await describeJob(id);

    const answer = await update(id, 'Ready', 'looked at');
    await world.control.until(id);

    expect(waiting).toMatchObject({
      Status: 'Suspended',
      ProgressSummary: { TotalNumberOfTasks: 1, NumberOfTasksSucceeded: 0 },
    });
    expect(waiting.SuspendedDate).toBeInstanceOf(Date);
    expect(answer).toMatchObject({ JobId: id, Status: 'Ready', StatusUpdateReason: 'looked at' });
    expect(await describeJob(id)).toMatchObject({ Status: 'Complete', StatusUpdateReason: 'looked at' });
  });

  it('can be described with all it was created with', async () => {
    world = await startWorld({ clock: () => 1_800_000_000_000 });
    const version = await world.upload('a');
    const Operation = retain(governance, false);
    const input = await world.jobOf({ Operation, Description: 'a & b', manifest: `docs,a,${version}\n` });
    const { JobId = '' } = await world.batch.send(new CreateJobCommand(input));
    await world.control.until(JobId);

    expect(await describeJob(JobId)).toStrictEqual({
      JobId,
      ConfirmationRequired: false,
      Description: 'a & b',
      JobArn: `arn:aws:s3:us-east-1:${AccountId}:job/${JobId}`,
      Status: 'Complete',
      Manifest: input.Manifest,
      Operation,
      Priority: 10,
      ProgressSummary: {
        TotalNumberOfTasks: 1,
        NumberOfTasksSucceeded: 1,
        NumberOfTasksFailed: 0,
        Timers: { ElapsedTimeInActiveSeconds: 0 },
      },
      FailureReasons: [],
      Report: { Enabled: false },
      CreationTime: new Date(1_800_000_000_000),
      TerminationDate: new Date(1_800_000_000_000),
      RoleArn: input.RoleArn,
    });
  });

  it('ends when it is cancelled before it ran', async () => {
    world = await startWorld();
    const version = await world.upload('a');
    const id = await world.create({ ConfirmationRequired: true, manifest: `docs,a,${version}\n` });
    await world.control.until(id, 'Suspended');

    const answer = await update(id, 'Cancelled');

    expect(answer.Status).toBe('Cancelling');
    expect(await world.control.until(id)).toMatchObject({ status: 'Cancelled', succeeded: 0 });
  });

  it('keeps what it did when it is cancelled while it runs', async () => {
    let cancel: Promise<unknown> | undefined;
    world = await startWorld({
      concurrency: 1,
      fault: ({ jobId }) => {
        cancel ??= update(jobId, 'Cancelled');
        return undefined;
      },
    });
    const lines = await Promise.all(
      Array.from({ length: 60 }, async (_, index) => `docs,k${index},${await world.upload(`k${index}`)}\n`),
    );
    const id = await world.create({ manifest: lines.join('') });

    const { status, succeeded } = await world.control.until(id);
    await cancel;

    expect(status).toBe('Cancelled');
    expect(succeeded).toBeGreaterThan(0);
    expect(succeeded).toBeLessThan(60);
  });

  it('takes no other status, and none that does not follow', async () => {
    world = await startWorld();
    const version = await world.upload('a');
    const id = await world.create({ manifest: `docs,a,${version}\n` });
    await world.control.until(id);

    const refusals = [
      await refusalOf(update(id, 'Active' as RequestedJobStatus)),
      await refusalOf(update(id, 'Ready')),
      await refusalOf(update(id, 'Cancelled')),
      await refusalOf(update('missing', 'Ready')),
      await refusalOf(describeJob('missing')),
    ];

    expect(refusals.map(({ code }) => code)).toStrictEqual([
      'BadRequestException',
      'JobStatusException',
      'JobStatusException',
      'NoSuchJobException',
      'NoSuchJobException',
    ]);
  });

  it('is forgotten 90 days after it ended, and may be unknown right after its creation', async () => {
    let now = 1_800_000_000_000;
    world = await startWorld({ clock: () => now, unknownAtFirst: 1 });
    const id = await world.create({ manifest: 'docs,a,\n' });
    const early = await refusalOf(describeJob(id));
    await world.control.until(id);
    const seen = await describeJob(id);
    now += 90 * DAY + 1;

    expect([early.code, seen.Status]).toStrictEqual(['NoSuchJobException', 'Failed']);
    expect((await refusalOf(describeJob(id))).code).toBe('NoSuchJobException');
  });

  it('is told on the bus, with why it failed', async () => {
    const events: CloudEvent[] = [];
    world = await startWorld({ publish: (event) => events.push(event) });
    const id = await world.create({ manifest: 'docs,a,\n' });
    await world.control.until(id);

    const told = events.map(({ detail: { eventName, serviceEventDetails } }) => {
      const { jobId, status, failureCodes } = serviceEventDetails as Readonly<Record<string, unknown>>;
      return [eventName, jobId, status, failureCodes];
    });

    expect(events[0]).toMatchObject({ source: 'aws.s3', 'detail-type': 'AWS Service Event via CloudTrail' });
    expect(told).toStrictEqual([
      ['JobCreated', id, 'New', []],
      ['JobStatusChanged', id, 'Preparing', []],
      ['JobStatusChanged', id, 'Failing', ['ManifestContent']],
      ['JobStatusChanged', id, 'Failed', ['ManifestContent']],
    ]);
  });

  it('is not told when events are lost', async () => {
    const events: CloudEvent[] = [];
    world = await startWorld({ publish: (event) => events.push(event), loseEvents: true });
    await world.control.until(await world.create({ manifest: 'docs,a,\n' }));

    expect(events).toStrictEqual([]);
  });

  it('can be refused by way of an injected fault', async () => {
    world = await startWorld({ refuse: () => ({ status: 503, code: 'SlowDown', message: 'Slow down' }) });

    expect(await refusalOf(describeJob('any'))).toStrictEqual({ code: 'SlowDown', status: 503 });
  });
});

describe('the list of jobs', () => {
  it('comes in pages, newest first, by status', async () => {
    world = await startWorld();
    const version = await world.upload('a');
    const ids: string[] = [];
    for (const confirmation of [false, true, false, false]) {
      const id = await world.create({ ConfirmationRequired: confirmation, manifest: `docs,a,${version}\n` });
      await (confirmation ? world.control.until(id, 'Suspended') : world.control.until(id));
      ids.push(id);
    }
    const list = async (more: object) => world.batch.send(new ListJobsCommand({ AccountId, ...more }));
    const [first, second, third, fourth] = ids;

    const page = await list({ MaxResults: 3 });
    const rest = await list({ MaxResults: 3, NextToken: page.NextToken });
    const complete = await list({ JobStatuses: ['Complete', 'Failed'] });

    expect(page.Jobs?.map(({ JobId }) => JobId)).toStrictEqual([fourth, third, second]);
    expect(rest.Jobs?.map(({ JobId }) => JobId)).toStrictEqual([first]);
    expect(rest.NextToken).toBeUndefined();
    expect(complete.Jobs?.map(({ JobId }) => JobId)).toStrictEqual([fourth, third, first]);
    expect(complete.Jobs?.[0]).toMatchObject({ Operation: 'S3PutObjectLegalHold', Priority: 10 });
  });
});

describe('tags and priority', () => {
  it('are kept, replaced and removed', async () => {
    world = await startWorld();
    const id = await world.create({ manifest: 'docs,a,\n', Tags: [{ Key: 'holdfast-run', Value: 'r 1' }] });
    const job = { AccountId, JobId: id };
    const tags = async () => (await world.batch.send(new GetJobTaggingCommand(job))).Tags;

    const created = await tags();
    await world.batch.send(new PutJobTaggingCommand({ ...job, Tags: [{ Key: 'x', Value: '' }] }));
    const replaced = await tags();
    await world.batch.send(new DeleteJobTaggingCommand(job));
    const { Priority } = await world.batch.send(new UpdateJobPriorityCommand({ ...job, Priority: 7 }));

    expect(created).toStrictEqual([{ Key: 'holdfast-run', Value: 'r 1' }]);
    expect(replaced).toStrictEqual([{ Key: 'x', Value: '' }]);
    expect(await tags()).toStrictEqual([]);
    expect(Priority).toBe(7);
  });
});
