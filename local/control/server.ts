/** The HTTP side of S3 Control: who asks, for which operation, and how refusals look. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { collect, openBody } from '../s3/body.ts';
import type { Answer } from '../s3/call.ts';
import { S3Error } from '../s3/errors.ts';
import { requireAction } from '../s3/permissions.ts';
import { header, readRequest, type S3Request } from '../s3/request.ts';
import { newService, type Service } from '../s3/service.ts';
import { verifySignature } from '../s3/signature.ts';
import { branch, leaf } from '../s3/xml.ts';
import { badRequest } from './errors.ts';
import * as operations from './operations.ts';
import type { ControlCall } from './operations.ts';
import type { World } from './world.ts';

const BODY_LIMIT = 1024 ** 2;

type Operation = (call: ControlCall) => Answer;

/** By method and by what follows the id of the job. */
const ROUTES: Readonly<Record<string, { readonly name: string; readonly run: Operation }>> = {
  'POST jobs': { name: 'CreateJob', run: operations.createJob },
  'GET jobs': { name: 'ListJobs', run: operations.listJobs },
  'GET job': { name: 'DescribeJob', run: operations.describeJob },
  'POST job/status': { name: 'UpdateJobStatus', run: operations.updateJobStatus },
  'POST job/priority': { name: 'UpdateJobPriority', run: operations.updateJobPriority },
  'GET job/tagging': { name: 'GetJobTagging', run: operations.getJobTagging },
  'PUT job/tagging': { name: 'PutJobTagging', run: operations.putJobTagging },
  'DELETE job/tagging': { name: 'DeleteJobTagging', run: operations.deleteJobTagging },
};

export function createControlServer(world: World): Server {
  const { principals, clock } = world.options;
  // Callers sign as they do for S3, and are checked by what checks them there.
  const signers = newService({
    region: world.region,
    accountId: world.accountId,
    ...(principals && { principals }),
    ...(clock && { clock }),
  });
  return createServer((message, response) => {
    void respond(world, signers, message, response);
  });
}

async function respond(
  world: World,
  signers: Service,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const requestId = randomUUID();
  try {
    send(response, requestId, await answer(world, signers, message));
  } catch (error) {
    message.resume();
    send(response, requestId, refusal(error, requestId));
  }
}

async function answer(world: World, signers: Service, message: IncomingMessage): Promise<Answer> {
  const request = readRequest(message);
  const raw = await collect(message, BODY_LIMIT);
  const signed = verifySignature(request, signers);
  const { data } = openBody(request, signed, raw);
  const { jobId, path } = placeOf(request);
  const route = ROUTES[`${request.method} ${path}`];
  if (route === undefined) throw new S3Error(501, 'NotImplemented', 'Only the operations on jobs are here.');
  requireAction(signers, signed.principal, { action: `s3:${route.name}` });
  checkAccount(request, world.accountId);
  const fault = world.options.refuse?.(route.name);
  if (fault !== undefined) throw new S3Error(fault.status, fault.code, fault.message);
  const all = (name: string): string[] =>
    request.parameters.flatMap(([each, value]) => (each === name ? [value] : []));
  return route.run({ world, jobId, query: request.query, all, body: data });
}

const PLACE = /^\/v20180820\/jobs(?:\/([^/]+)(?:\/(status|priority|tagging))?)?$/;

function placeOf({ path }: S3Request): { jobId: string; path: string } {
  const place = PLACE.exec(path);
  if (place === null) return { jobId: '', path };
  const [, jobId, sub] = place;
  if (jobId === undefined) return { jobId: '', path: 'jobs' };
  return { jobId, path: sub === undefined ? 'job' : `job/${sub}` };
}

function checkAccount(request: S3Request, accountId: string): void {
  const stated = header(request, 'x-amz-account-id');
  if (stated === undefined) throw badRequest('AccountId is required but not set.');
  if (stated !== accountId) throw new S3Error(403, 'AccessDenied', 'Access Denied');
}

function refusal(error: unknown, requestId: string): Answer {
  const refused =
    error instanceof S3Error
      ? error
      : new S3Error(500, 'InternalServiceException', error instanceof Error ? error.message : String(error));
  const { status, code, message } = refused;
  const body = branch(
    'ErrorResponse',
    branch('Error', leaf('Code', code), leaf('Message', message)),
    leaf('RequestId', requestId),
  );
  return { status, body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}` };
}

function send(response: ServerResponse, requestId: string, { status, body = '' }: Answer): void {
  response.writeHead(status, {
    'content-type': 'application/xml',
    'content-length': Buffer.byteLength(body),
    'x-amzn-requestid': requestId,
  });
  response.end(body);
}
