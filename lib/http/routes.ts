/** Every route of the API, in one table: the router, the documents and the tests are made of it. */
import * as z from 'zod';
import {
  eventAnswerSchema,
  eventRequestSchema,
  lockViewSchema,
  runViewSchema,
  versionSchema,
} from '../matters/messages.ts';
import { versionIdOf } from '../ports/lock-store.ts';
import { json } from './answer.ts';
import { MATTER_ROUTES } from './matter-routes.ts';
import { openApi } from './openapi.ts';
import { type Route, route } from './route.ts';

const runListSchema = z.object({ runs: z.array(runViewSchema) }).meta({ id: 'RunList' });
const documentSchema = z.looseObject({ openapi: z.string() });

/** Asked for by every editor that opens; made when it is asked for first. */
let document: object | undefined;

export const ROUTES: readonly Route[] = [
  ...MATTER_ROUTES,
  route({
    method: 'GET',
    path: '/objects/lock',
    operationId: 'getLock',
    summary: 'The lock of one version, and who needs it; without versionId, of the current version.',
    access: 'matters:read',
    query: z.strictObject(versionSchema.shape),
    answers: { 200: { description: 'The lock, as it was just read.', schema: lockViewSchema } },
    refusals: ['no-such-version', 'delete-marker', 'no-lock-on-bucket', 'not-managed', 'no-permission'],
    run: async ({ query: { bucket, key, versionId } }, { api, caller }) => {
      const version = versionId === undefined ? {} : { versionId: versionIdOf(versionId) };
      return json(200, await api.lock({ bucket, key, ...version }, caller));
    },
  }),
  route({
    method: 'POST',
    path: '/events',
    operationId: 'postEvent',
    summary: 'Tells that an event has happened which rules wait for, or that it is undone.',
    access: 'matters:write',
    takesKey: true,
    body: eventRequestSchema,
    example: {
      event: 'employment-ended',
      action: 'release',
      scope: { versions: [{ bucket: 'case-files', key: 'staff/0815.pdf' }] },
    },
    answers: {
      200: { description: 'Every version follows it.', schema: eventAnswerSchema },
      202: { description: 'Taken on; what is not done yet is being done.', schema: eventAnswerSchema },
    },
    refusals: ['not-managed', 'empty-scope', 'no-lock-on-bucket', 'key-reused'],
    run: async ({ body, key }, { api, caller }) => {
      const answer = await api.postEvent(body, key, caller);
      return json(answer.state === 'working' ? 202 : 200, answer);
    },
  }),
  route({
    method: 'GET',
    path: '/runs',
    operationId: 'listRuns',
    summary: 'The runs that are not over; with all=true, the others too.',
    access: 'matters:read',
    query: z.strictObject({ all: z.enum(['true', 'false']).default('false') }),
    answers: { 200: { description: 'The runs.', schema: runListSchema } },
    refusals: [],
    run: async ({ query }, { api, caller }) =>
      json(200, { runs: await api.runs(query.all === 'true', caller) }),
  }),
  route({
    method: 'GET',
    path: '/runs/{id}',
    operationId: 'getRun',
    summary: 'One run, as it stands.',
    access: 'matters:read',
    answers: { 200: { description: 'The run.', schema: runViewSchema } },
    refusals: ['no-such-run'],
    run: async ({ id }, { api, caller }) => json(200, await api.run(id, caller)),
  }),
  route({
    method: 'POST',
    path: '/runs/{id}/approval',
    operationId: 'approveRun',
    summary: 'Approves a run that waits for it.',
    access: 'runs:approve',
    peopleOnly: true,
    answers: { 200: { description: 'Approved.', schema: runViewSchema } },
    refusals: ['no-such-run', 'run-over', 'moved'],
    run: async ({ id }, { api, caller }) => json(200, await api.approveRun(id, caller)),
  }),
  route({
    method: 'DELETE',
    path: '/runs/{id}',
    operationId: 'cancelRun',
    summary: 'Ends a run; what it has locked stays locked.',
    access: 'runs:approve',
    peopleOnly: true,
    answers: { 200: { description: 'Ended.', schema: runViewSchema } },
    refusals: ['no-such-run', 'run-over', 'moved'],
    run: async ({ id }, { api, caller }) => json(200, await api.cancelRun(id, caller)),
  }),
  route({
    method: 'GET',
    path: '/openapi.json',
    operationId: 'getDocument',
    summary: 'This document.',
    access: 'open',
    answers: { 200: { description: 'OpenAPI 3.1.', schema: documentSchema } },
    refusals: [],
    run: async () => json(200, (document ??= openApi(ROUTES))),
  }),
];
