/** Jobs as DescribeJob and ListJobs tell them. */
import { iso } from '../s3/dates.ts';
import { branch, leaf, type XmlNode } from '../s3/xml.ts';
import { type Job, snapshotOf } from './job.ts';

const date = (time: number | undefined): string | undefined => (time === undefined ? undefined : iso(time));

export const jobElement = (job: Job, now: number): string =>
  branch(
    'Job',
    leaf('JobId', job.id),
    leaf('ConfirmationRequired', job.request.confirmationRequired),
    leaf('Description', job.request.description),
    leaf('JobArn', job.arn),
    leaf('Status', job.status),
    echo(job.request.nodes.manifest),
    echo(job.request.nodes.operation),
    leaf('Priority', job.priority),
    progress(job, now),
    leaf('StatusUpdateReason', job.updateReason),
    branch('FailureReasons', ...job.failures.map(failureElement)),
    echo(job.request.nodes.report),
    leaf('CreationTime', iso(job.createdAt)),
    leaf('TerminationDate', date(job.terminatedAt)),
    leaf('RoleArn', job.request.roleArn),
    leaf('SuspendedDate', date(job.suspendedAt)),
    leaf('SuspendedCause', job.status === 'Suspended' ? 'AwaitingConfirmation' : undefined),
  );

export const listElement = (job: Job, now: number): string =>
  branch(
    'member',
    leaf('JobId', job.id),
    leaf('Description', job.request.description),
    leaf('Operation', job.request.operation.name),
    leaf('Priority', job.priority),
    leaf('Status', job.status),
    leaf('CreationTime', iso(job.createdAt)),
    leaf('TerminationDate', date(job.terminatedAt)),
    progress(job, now),
  );

function progress(job: Job, now: number): string {
  const { total, succeeded, failed } = snapshotOf(job);
  const active = job.activeAt === undefined ? 0 : (job.activeUntil ?? now) - job.activeAt;
  return branch(
    'ProgressSummary',
    leaf('TotalNumberOfTasks', total),
    leaf('NumberOfTasksSucceeded', succeeded),
    leaf('NumberOfTasksFailed', failed),
    branch('Timers', leaf('ElapsedTimeInActiveSeconds', Math.floor(active / 1000))),
  );
}

const failureElement = ({ code, reason }: Job['failures'][number]): string =>
  branch('member', leaf('FailureCode', code), leaf('FailureReason', reason));

/** A part of the request, as it came. */
const echo = (node: XmlNode): string =>
  node.children.length === 0 ? leaf(node.name, node.text) : branch(node.name, ...node.children.map(echo));
