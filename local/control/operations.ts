/** The operations of the API on jobs. */
import type { Answer } from '../s3/call.ts';
import { S3Error } from '../s3/errors.ts';
import { branch, leaf, members, readXml } from '../s3/xml.ts';
import { jobElement, listElement } from './describe.ts';
import { badRequest, idempotency, jobStatus, noSuchJob } from './errors.ts';
import { readJobRequest, readPriority, readTags, type Tag } from './job-request.ts';
import { isCancellable, isForgotten, type Job, newJob } from './job.ts';
import { live } from './lifecycle.ts';
import { moveJob, tell, type World } from './world.ts';

/** A call, as far as any operation needs it. */
export interface ControlCall {
  readonly world: World;
  readonly jobId: string;
  readonly query: ReadonlyMap<string, string>;
  /** Every value of a query parameter that may be repeated. */
  readonly all: (name: string) => readonly string[];
  readonly body: Buffer;
}

const NAMESPACE = 'http://awss3control.amazonaws.com/doc/2018-08-20/';

const document = (root: string, ...content: readonly string[]): Answer => ({
  status: 200,
  body: `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${NAMESPACE}">${content.join('')}</${root}>`,
});

export function createJob({ world, body }: ControlCall): Answer {
  const request = readJobRequest(body);
  const { accountId, region, clock, options } = world;
  if (request.roleArn !== options.role.arn)
    throw new S3Error(403, 'AccessDenied', `Not authorized to perform: iam:PassRole on ${request.roleArn}`);
  const earlier = [...world.jobs.values()].find((job) => job.request.token === request.token);
  if (earlier !== undefined) {
    if (earlier.request.fingerprint !== request.fingerprint) throw idempotency();
    return document('CreateJobResult', leaf('JobId', earlier.id));
  }
  const job = newJob({ request, now: clock(), region, accountId, unknownFor: options.unknownAtFirst ?? 0 });
  world.jobs.set(job.id, job);
  tell(world, job, 'JobCreated');
  void live(world, job);
  return document('CreateJobResult', leaf('JobId', job.id));
}

export function describeJob(call: ControlCall): Answer {
  const job = jobOf(call);
  if (job.unknownFor > 0) {
    job.unknownFor -= 1;
    throw noSuchJob(job.id);
  }
  return document('DescribeJobResult', jobElement(job, call.world.clock()));
}

const MAX_RESULTS = 1_000;

export function listJobs({ world, query, all }: ControlCall): Answer {
  const now = world.clock();
  const statuses = all('jobStatuses');
  const size = Number(query.get('maxResults') ?? MAX_RESULTS);
  if (!Number.isInteger(size) || size < 1 || size > MAX_RESULTS)
    throw badRequest(`maxResults is a whole number from 1 to ${MAX_RESULTS}.`);
  const listed = [...world.jobs.values()]
    .reverse()
    .filter((job) => !isForgotten(job, now) && (statuses.length === 0 || statuses.includes(job.status)));
  const token = query.get('nextToken');
  // The token is the last job of the page before, which may have left the list since: its place is by date.
  const before = token === undefined ? undefined : [...world.jobs.keys()].indexOf(token);
  if (before === -1) throw badRequest('nextToken is none that was given out.');
  const order = [...world.jobs.keys()];
  const rest = before === undefined ? listed : listed.filter((job) => order.indexOf(job.id) < before);
  const page = rest.slice(0, size);
  return document(
    'ListJobsResult',
    leaf('NextToken', rest.length > size ? page.at(-1)?.id : undefined),
    branch('Jobs', ...page.map((job) => listElement(job, now))),
  );
}

export function updateJobStatus(call: ControlCall): Answer {
  const { world, query } = call;
  const job = jobOf(call);
  const status = query.get('requestedJobStatus');
  if (status !== 'Ready' && status !== 'Cancelled')
    throw badRequest('requestedJobStatus is Ready or Cancelled.');
  const isPossible = status === 'Ready' ? job.status === 'Suspended' : isCancellable(job);
  if (!isPossible) throw jobStatus(`A job that is ${job.status} cannot become ${status}.`);
  const reason = query.get('statusUpdateReason');
  if (reason !== undefined) job.updateReason = reason;
  moveJob(world, job, status === 'Ready' ? 'Ready' : 'Cancelling');
  return document(
    'UpdateJobStatusResult',
    leaf('JobId', job.id),
    leaf('Status', job.status),
    leaf('StatusUpdateReason', job.updateReason),
  );
}

export function updateJobPriority(call: ControlCall): Answer {
  const job = jobOf(call);
  job.priority = readPriority(call.query.get('priority') ?? '');
  return document('UpdateJobPriorityResult', leaf('JobId', job.id), leaf('Priority', job.priority));
}

export function getJobTagging(call: ControlCall): Answer {
  const tags = jobOf(call).tags.map(({ key, value }: Tag) =>
    branch('member', leaf('Key', key), leaf('Value', value)),
  );
  return document('GetJobTaggingResult', branch('Tags', ...tags));
}

export function putJobTagging(call: ControlCall): Answer {
  const job = jobOf(call);
  const { Tags } = members(readXml(call.body, 'PutJobTaggingRequest'), ['Tags']);
  if (Tags === undefined) throw badRequest('Tags are required.');
  job.tags = readTags(Tags);
  return document('PutJobTaggingResult');
}

export function deleteJobTagging(call: ControlCall): Answer {
  jobOf(call).tags = [];
  return document('DeleteJobTaggingResult');
}

function jobOf({ world, jobId }: ControlCall): Job {
  const job = world.jobs.get(jobId);
  if (job === undefined || isForgotten(job, world.clock())) throw noSuchJob(jobId);
  return job;
}
