/** The routes of matters: what is held, for whom, and since when. */
import * as z from 'zod';
import {
  type MatterView,
  matterListSchema,
  matterViewSchema,
  openRequestSchema,
  pagesSchema,
  previewRequestSchema,
  previewSchema,
  releaseAnswerSchema,
  releaseRequestSchema,
  widenRequestSchema,
} from '../matters/messages.ts';
import { csv, json, nextPage } from './answer.ts';
import { type Route, route } from './route.ts';

/** Where a page begins, as the last one told. */
const after = z.string().min(1).max(2048).optional().describe('From the Link of the page before.');
const limit = z.coerce.number().int().min(1).max(100).default(50);

const SELECTOR = { scope: { selector: { bucket: 'case-files', prefix: 'customers/4711/' } } };
const MATTER = { title: 'Doe v. Example Corp.', reason: 'Complaint served on 2026-11-19' };

const OPENED = {
  description: 'Opened, and every version is held.',
  schema: matterViewSchema,
  headers: ['location'],
} as const;
const WORKING = {
  description: 'Taken on, and the work goes on: follow Location.',
  schema: matterViewSchema,
  headers: ['location'],
} as const;

export const MATTER_ROUTES: readonly Route[] = [
  route({
    method: 'POST',
    path: '/matters/preview',
    operationId: 'previewMatter',
    summary: 'What a scope covers at present, and what holding it costs. Nothing is held.',
    access: 'matters:read',
    isQuestion: true,
    body: previewRequestSchema,
    example: SELECTOR,
    answers: { 200: { description: 'What it covers.', schema: previewSchema } },
    refusals: ['not-managed', 'no-such-version', 'delete-marker', 'no-lock-on-bucket', 'too-large'],
    run: async ({ body }, { api, caller }) => json(200, await api.preview(body.scope, caller)),
  }),
  route({
    method: 'POST',
    path: '/matters',
    operationId: 'openMatter',
    summary: 'Opens a matter: what it covers is held, and what will come to be covered.',
    access: 'matters:write',
    takesKey: true,
    body: openRequestSchema,
    csvQuery: ['title', 'reason', 'group'],
    example: { ...MATTER, ...SELECTOR },
    answers: {
      200: {
        description: 'Opened before by the same request.',
        schema: matterViewSchema,
        headers: ['location'],
      },
      201: OPENED,
      202: WORKING,
    },
    refusals: [
      ...(['not-managed', 'empty-scope', 'no-such-version', 'delete-marker', 'no-lock-on-bucket'] as const),
      ...(['key-reused', 'other-holdfast'] as const),
    ],
    run: async ({ body, key }, { api, caller, base }) => {
      const { matter, isNew } = await api.open(body, key, caller);
      return json(isNew ? (isWorking(matter) ? 202 : 201) : 200, matter, leadTo(base, matter));
    },
  }),
  route({
    method: 'GET',
    path: '/matters',
    operationId: 'listMatters',
    summary: 'The matters that the caller may see.',
    access: 'matters:read',
    query: z.strictObject({ limit, after }),
    answers: { 200: { description: 'One page.', schema: matterListSchema, headers: ['link'] } },
    refusals: [],
    run: async ({ query }, { api, caller, base }) => {
      const from = query.after === undefined ? {} : { after: query.after };
      const page = await api.list({ limit: query.limit, ...from }, caller);
      return json(200, page, nextPage(`${base}/matters`, page.next, { limit: String(query.limit) }));
    },
  }),
  route({
    method: 'GET',
    path: '/matters/{id}',
    operationId: 'getMatter',
    summary: 'One matter, as it stands.',
    access: 'matters:read',
    answers: { 200: { description: 'The matter.', schema: matterViewSchema } },
    refusals: ['no-such-matter'],
    run: async ({ id }, { api, caller }) => json(200, await api.get(id, caller)),
  }),
  route({
    method: 'POST',
    path: '/matters/{id}/scopes',
    operationId: 'widenMatter',
    summary: 'Adds a scope to a matter that is open.',
    access: 'matters:write',
    takesKey: true,
    body: widenRequestSchema,
    csvQuery: [],
    example: SELECTOR,
    answers: {
      200: { description: 'Every version of it is held.', schema: matterViewSchema, headers: ['location'] },
      202: WORKING,
    },
    refusals: [
      'no-such-matter',
      'already-released',
      'not-managed',
      'empty-scope',
      'no-lock-on-bucket',
      'key-reused',
      'other-holdfast',
    ],
    run: async ({ id, body, key }, { api, caller, base }) => {
      const matter = await api.widen(id, body, key, caller);
      return json(isWorking(matter) ? 202 : 200, matter, leadTo(base, matter));
    },
  }),
  route({
    method: 'POST',
    path: '/matters/{id}/release',
    operationId: 'askRelease',
    summary:
      'Asks for the release of a matter, and tells what could be deleted then. It is held on until then.',
    access: 'matters:write',
    body: releaseRequestSchema,
    example: { reason: 'Settled on 2027-03-01' },
    answers: { 200: { description: 'Asked.', schema: releaseAnswerSchema } },
    refusals: ['no-such-matter', 'already-asked', 'already-released'],
    run: async ({ id, body }, { api, caller }) => json(200, await api.askRelease(id, body.reason, caller)),
  }),
  route({
    method: 'POST',
    path: '/matters/{id}/release/approval',
    operationId: 'approveRelease',
    summary: 'Approves a release that somebody else has asked for. It cannot be withdrawn.',
    access: 'matters:approve',
    peopleOnly: true,
    answers: { 202: WORKING },
    refusals: ['no-such-matter', 'not-asked', 'self-approval', 'already-released'],
    run: async ({ id }, { api, caller, base }) => {
      const matter = await api.approveRelease(id, caller);
      return json(202, matter, leadTo(base, matter));
    },
  }),
  route({
    method: 'GET',
    path: '/matters/{id}/roll',
    operationId: 'readRoll',
    summary: 'Every version that the matter names, and whether it is held.',
    access: 'matters:read',
    query: z.strictObject({ after }),
    answers: { 200: { description: 'One page as CSV, with a header.', headers: ['link'] } },
    refusals: ['no-such-matter'],
    run: async ({ id, query }, { api, caller, base }) => {
      const { lines, next } = await api.roll(id, query.after, caller);
      return csv(lines, nextPage(`${base}/matters/${id}/roll`, next));
    },
  }),
  route({
    method: 'GET',
    path: '/matters/{id}/roll/pages',
    operationId: 'listRollPages',
    summary: 'The pages of the roll as they lie in the records bucket, to be checked there.',
    access: 'matters:read',
    query: z.strictObject({ after }),
    answers: { 200: { description: 'Names and SHA-256.', schema: pagesSchema, headers: ['link'] } },
    refusals: ['no-such-matter'],
    run: async ({ id, query }, { api, caller, base }) => {
      const page = await api.pages(id, query.after, caller);
      return json(200, page, nextPage(`${base}/matters/${id}/roll/pages`, page.next));
    },
  }),
];

function isWorking({ scopes }: MatterView): boolean {
  return scopes.some(({ state }) => state === 'opening' || state === 'releasing');
}

function leadTo(base: string, { id }: MatterView): { location: string } {
  return { location: `${base}/matters/${encodeURIComponent(id)}` };
}
