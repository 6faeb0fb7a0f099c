/** The event that EventBridge delivers when a job is created or changes its status. */
import { randomUUID } from 'node:crypto';
import type { CloudEvent, Place } from '../event-bridge.ts';
import type { Job } from './job.ts';

export function toJobEvent(
  job: Job,
  eventName: 'JobCreated' | 'JobStatusChanged',
  now: number,
  { region, account }: Place,
): CloudEvent {
  const time = new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');
  const event = {
    version: '0',
    id: randomUUID(),
    'detail-type': 'AWS Service Event via CloudTrail',
    source: 'aws.s3',
    account,
    time,
    region,
    resources: [],
    detail: {
      eventVersion: '1.05',
      userIdentity: { accountId: account, invokedBy: 's3.amazonaws.com' },
      eventTime: time,
      eventSource: 's3.amazonaws.com',
      eventName,
      awsRegion: region,
      sourceIPAddress: 's3.amazonaws.com',
      userAgent: 's3.amazonaws.com',
      requestParameters: null,
      responseElements: null,
      eventID: randomUUID(),
      readOnly: false,
      eventType: 'AwsServiceEvent',
      recipientAccountId: account,
      serviceEventDetails: {
        jobId: job.id,
        jobArn: job.arn,
        status: job.status,
        jobEventId: randomUUID().replaceAll('-', ''),
        failureCodes: job.failures.map(({ code }) => code),
        statusChangeReason: job.updateReason === undefined ? [] : [job.updateReason],
      },
    },
  };
  return event;
}
