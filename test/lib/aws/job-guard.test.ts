import {
  CreateJobCommand,
  type CreateJobCommandInput,
  DescribeJobCommand,
  ListJobsCommand,
  type S3ControlClient,
} from '@aws-sdk/client-s3-control';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { checkBody, guardJobs } from '../../../lib/aws/job-guard.ts';
import { type RunningControl } from '../../../local/control/index.ts';
import { ACCOUNT, type Bulk, ROLE, startBulk } from '../../helpers/bulk.ts';

const UNTIL = new Date('2031-01-01T00:00:00Z');

let bulk: Bulk;
let control: RunningControl;
let client: S3ControlClient;
/** Calls of the API that reached the server. */
let calls: string[];

beforeAll(async () => {
  bulk = await startBulk();
});
afterAll(async () => {
  await bulk.close();
});
beforeEach(async () => {
  calls = [];
  ({ control, client } = await bulk.control({
    refuse: (operation) => {
      calls.push(operation);
      return undefined;
    },
  }));
  guardJobs(client);
});

/** The client takes what TypeScript would not: members of another version of the SDK, or of JavaScript. */
const jobOf = (operation: object, more: object = {}): CreateJobCommandInput => ({
  ...{ AccountId: ACCOUNT, ConfirmationRequired: false, Priority: 10, RoleArn: ROLE },
  ClientRequestToken: 'token',
  Operation: operation,
  Report: { Enabled: false },
  Manifest: {
    Spec: { Format: 'S3BatchOperations_CSV_20180820', Fields: ['Bucket', 'Key', 'VersionId'] },
    Location: { ObjectArn: 'arn:aws:s3:::reports/m.csv', ETag: 'etag' },
  },
  ...more,
});

const create = async (operation: object, more?: object): Promise<unknown> =>
  client.send(new CreateJobCommand(jobOf(operation, more)));

const retention = (Retention: object, more: object = {}): object => ({
  S3PutObjectRetention: { Retention, ...more },
});

describe('a job that could weaken a lock is not sent', () => {
  it.each([
    ['releases an event hold, which the client drops', retention({ EventHold: 'OFF' }), 'take the lock away'],
    ['names neither mode nor date', retention({}), 'take the lock away'],
    ['names no mode', retention({ RetainUntilDate: UNTIL }), 'names no mode'],
    ['names no date', retention({ Mode: 'GOVERNANCE' }), 'names no date'],
    ['names a mode that is none', retention({ Mode: 'NONE', RetainUntilDate: UNTIL }), 'names no mode'],
    [
      'bypasses governance',
      retention({ Mode: 'GOVERNANCE', RetainUntilDate: UNTIL }, { BypassGovernanceRetention: true }),
      'bypasses governance',
    ],
    ['clears holds', { S3PutObjectLegalHold: { LegalHold: { Status: 'OFF' } } }, 'clears legal holds'],
    ['says nothing of the hold', { S3PutObjectLegalHold: { LegalHold: {} } }, 'clears legal holds'],
    ['deletes tags', { S3DeleteObjectTagging: {} }, 'no plan asks for'],
    ['restores', { S3InitiateRestoreObject: { ExpirationInDays: 1 } }, 'no plan asks for'],
    ['has no operation that the client knows', { S3PutObjectRetentionV2: {} }, 'no plan asks for'],
  ])('where it %s', async (_, operation, expected) => {
    await expect(create(operation)).rejects.toMatchObject({
      name: 'HoldfastError',
      code: 'bad-input',
      message: expect.stringContaining(expected),
    });

    expect(calls).toStrictEqual([]);
    expect(control.jobs()).toStrictEqual([]);
  });

  it.each([
    ['left out', {}],
    ['true', { ConfirmationRequired: true }],
  ])('nor one that would wait for somebody: confirmation is %s', async (_, more) => {
    const job = jobOf(retention({ Mode: 'GOVERNANCE', RetainUntilDate: UNTIL }));
    delete job.ConfirmationRequired;

    await expect(client.send(new CreateJobCommand({ ...job, ...more }))).rejects.toThrow(
      'would wait for ever',
    );
    expect(calls).toStrictEqual([]);
  });

  it('and says what to do instead', async () => {
    await expect(create(retention({}))).rejects.toThrow('--engine direct');
  });

  it('nor one with an event hold beside a mode and a date, should a client ever send it', () => {
    const body = `<CreateJobRequest><ConfirmationRequired>false</ConfirmationRequired><Operation><S3PutObjectRetention><Retention><EventHold>OFF</EventHold><Mode>GOVERNANCE</Mode><RetainUntilDate>2031-01-01T00:00:00Z</RetainUntilDate></Retention></S3PutObjectRetention></Operation></CreateJobRequest>`;

    expect(() => {
      checkBody(body);
    }).toThrow('event hold');
    expect(() => {
      checkBody(Buffer.from(body));
    }).toThrow('event hold');
  });
});

describe('a job that only locks goes through', () => {
  it.each([
    ['GOVERNANCE', retention({ Mode: 'GOVERNANCE', RetainUntilDate: UNTIL })],
    ['COMPLIANCE', retention({ Mode: 'COMPLIANCE', RetainUntilDate: UNTIL })],
    [
      'bypass said to be off',
      retention({ Mode: 'GOVERNANCE', RetainUntilDate: UNTIL }, { BypassGovernanceRetention: false }),
    ],
    ['a hold', { S3PutObjectLegalHold: { LegalHold: { Status: 'ON' } } }],
    [
      'a function',
      {
        LambdaInvoke: {
          FunctionArn: `arn:aws:lambda:us-east-1:${ACCOUNT}:function:f:7`,
          InvocationSchemaVersion: '2.0',
          UserArguments: { run: 'run-1' },
        },
      },
    ],
  ])('with %s', async (_, operation) => {
    await create(operation);

    expect(calls).toStrictEqual(['CreateJob']);
    expect(control.jobs()).toHaveLength(1);
  });

  it('and so does every other question', async () => {
    await client.send(new ListJobsCommand({ AccountId: ACCOUNT }));
    await expect(
      client.send(new DescribeJobCommand({ AccountId: ACCOUNT, JobId: '0' })),
    ).rejects.toMatchObject({ name: 'NoSuchJobException' });

    expect(calls).toStrictEqual(['ListJobs', 'DescribeJob']);
  });
});
