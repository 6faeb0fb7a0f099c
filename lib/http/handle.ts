/** The HTTP API: a request of the gateway in, an answer out, and a record of both. */
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { type Caller, requireAccess } from '../app/caller.ts';
import { type MatterApi } from '../app/matter-api.ts';
import { HoldfastError } from '../errors.ts';
import { personName } from '../matters/matter.ts';
import { type Answer, responseOf } from './answer.ts';
import { machineCaller, type Verify } from './auth.ts';
import { problemAnswer } from './problem.ts';
import { type Asked, readEvent } from './request.ts';
import { idSchema } from './route.ts';
import { createRouter, type Found, MACHINE } from './router.ts';
import { ROUTES } from './routes.ts';

export interface HttpApiDeps {
  readonly api: MatterApi;
  readonly verify: Verify;
  /** The groups of owners whose matters machines may see. */
  readonly machineGroups: readonly string[];
  /** Told of every failure that callers learn nothing of. */
  readonly onUnexpected: (error: unknown, id: string) => void;
  /** An id for every request. */
  readonly newId: () => string;
}

export type HttpApi = (event: unknown) => Promise<APIGatewayProxyStructuredResultV2>;

/** May look at what is open to everybody. */
const NOBODY: Caller = { person: { issuer: '', subject: 'nobody' }, groups: [], access: new Set() };

export function createHttpApi(deps: HttpApiDeps): HttpApi {
  const { api, onUnexpected, newId } = deps;

  async function serve(asked: Asked, found: Found): Promise<Response> {
    const { id } = asked;
    let actor = 'nobody';
    let answer: Answer;
    try {
      const caller = await callerOf(asked, found, deps);
      if (caller !== NOBODY) actor = personName(caller.person);
      answer = await answerTo(asked, found, caller, api);
    } catch (error) {
      answer = problemAnswer(error, { id, onUnexpected, ...withHeaders(error, asked, found) });
    }
    // Anybody may ask for it, and would fill the records.
    if (found.kind === 'route' && found.route.access === 'open') return responseOf(answer, id);
    const { status, code } = answer;
    try {
      await api.audited({
        line: lineOf(asked, found),
        status,
        actor,
        id,
        ...(code !== undefined && { code }),
      });
    } catch (cause) {
      onUnexpected(cause, id);
      if (changesSomething(found)) answer = unrecorded(id, onUnexpected);
    }
    return responseOf(answer, id);
  }

  const route = createRouter(ROUTES, serve);
  return async (event) => {
    const id = newId();
    let asked: Asked;
    try {
      asked = readEvent(event, id);
    } catch (error) {
      // No request at all: there is nobody to record, only a wiring to correct.
      const { status, type, text } = problemAnswer(error, { id, onUnexpected });
      return { statusCode: status, headers: { 'content-type': type }, body: text };
    }
    return route(asked);
  };
}

async function callerOf(
  { headers, userArn }: Asked,
  found: Found,
  { verify, machineGroups }: HttpApiDeps,
): Promise<Caller> {
  if (found.kind !== 'route' || found.route.access === 'open') return NOBODY;
  // The gateway checks signatures on these routes only, and its word counts nowhere else.
  if (found.base === MACHINE) return machineCaller(userArn, machineGroups);
  return verify(headers.get('authorization'));
}

async function answerTo(asked: Asked, found: Found, caller: Caller, api: MatterApi): Promise<Answer> {
  if (found.kind === 'failed') throw found.error;
  if (found.kind === 'none') {
    throw new HoldfastError('no-such-route', {
      what: found.allow.length > 0 ? 'this address has no such method' : 'there is nothing at this address',
      next: 'look at /openapi.json',
    });
  }
  const { route, params, base } = found;
  if (base === MACHINE && route.peopleOnly) {
    throw new HoldfastError('not-allowed', {
      what: 'machines never approve and never cancel',
      next: 'let a person do it, with a token',
    });
  }
  if (route.access !== 'open') requireAccess(caller, route.access);
  return route.ask(asked, params, { api, caller, base });
}

/** What HTTP wants to be said with some refusals. */
function withHeaders(
  error: unknown,
  { headers }: Asked,
  found: Found,
): { status?: number; headers?: Readonly<Record<string, string>> } {
  if (found.kind === 'none' && found.allow.length > 0) {
    return { status: 405, headers: { allow: found.allow.join(', ') } };
  }
  if (found.kind !== 'route' || !(error instanceof HoldfastError)) return {};
  if (error.code !== 'not-signed-in') return {};
  const bearer = headers.has('authorization') ? 'Bearer error="invalid_token"' : 'Bearer';
  return { headers: { 'www-authenticate': found.base === MACHINE ? 'AWS4-HMAC-SHA256' : bearer } };
}

/** Method and route, and the id it names. What else is in an address may be anything, secrets too. */
function lineOf({ method }: Asked, found: Found): string {
  const verb = /^[A-Z]{1,10}$/.test(method) ? method : 'OTHER';
  if (found.kind !== 'route') return `${verb} unknown`;
  const id = idSchema.safeParse(found.params.id);
  const path = id.success ? found.route.path.replace('{id}', id.data) : found.route.path;
  return `${verb} ${found.base}${path}`;
}

function changesSomething(found: Found): boolean {
  return found.kind === 'route' && found.route.method !== 'GET' && found.route.isQuestion !== true;
}

/** It may have been done: but nobody is told so who could not be held to it. */
function unrecorded(id: string, onUnexpected: HttpApiDeps['onUnexpected']): Answer {
  const error = new HoldfastError('unreachable', {
    what: 'the request could not be recorded, so that it is not answered',
    next: 'look whether it was done, or send it again with the same Idempotency-Key',
  });
  return problemAnswer(error, { id, onUnexpected, status: 503 });
}
