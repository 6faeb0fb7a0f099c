/** One route of the API: what it takes, who may ask, what it answers. The documents are made of the same. */
import * as z from 'zod';
import { type Access, type Caller } from '../app/caller.ts';
import { type MatterApi } from '../app/matter-api.ts';
import { type FailureCode } from '../errors.ts';
import { type Answer } from './answer.ts';
import { versionsOfCsv } from './csv.ts';
import { type Fault, FaultyRequest, faultsOf, memberOf, type Path, pointer } from './faults.ts';
import { readJson } from './json-body.ts';
import { type Asked, bodyText, bodyType, queryOf } from './request.ts';

/** Who asks what, and where answers lead to: `/machine` for machines. */
export interface Call {
  readonly api: MatterApi;
  readonly caller: Caller;
  readonly base: string;
}

export interface Said {
  readonly description: string;
  /** JSON, or else CSV. */
  readonly schema?: z.ZodType;
  readonly headers?: readonly ('location' | 'link')[];
}

interface Facts {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** As OpenAPI writes it: `/matters/{id}`. */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  /** `open` to everybody. */
  readonly access: Access | 'open';
  /** Nothing changes, although it is a POST. */
  readonly isQuestion?: boolean;
  readonly peopleOnly?: boolean;
  /** Whether an Idempotency-Key is listened to. */
  readonly takesKey?: boolean;
  /** The members of the body that come in the query when the versions come as CSV. */
  readonly csvQuery?: readonly string[];
  /** A body that can be sent, for the documents. */
  readonly example?: unknown;
  readonly answers: Readonly<Record<number, Said>>;
  readonly refusals: readonly FailureCode[];
}

export interface Route extends Facts {
  readonly body?: z.ZodType;
  readonly query: z.ZodObject;
  /** @throws HoldfastError */
  ask(asked: Asked, params: Readonly<Record<string, string>>, call: Call): Promise<Answer>;
}

interface Input<B, Q> {
  readonly body: B;
  readonly query: Q;
  /** The `{id}` of the path. */
  readonly id: string;
  /** The Idempotency-Key. */
  readonly key: string | undefined;
}

type Form<B, Q extends z.ZodObject> = Facts & {
  readonly body?: z.ZodType<B>;
  readonly query?: Q;
  readonly run: (input: Input<B, z.output<Q>>, call: Call) => Promise<Answer>;
};

const NOTHING = z.strictObject({});
/** Of matters and of runs. Whatever has another form names none of them. */
export const idSchema = z.string().regex(/^[A-Za-z0-9_-]{1,100}$/, { error: 'must be an id' });
export const keySchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,200}$/, { error: 'must be 1 to 200 visible characters of ASCII' });

/** A route whose `run` is given only what its schemas let through. */
export function route<B, Q extends z.ZodObject = typeof NOTHING>(form: Form<B, Q>): Route {
  const { run, ...facts } = form;
  const querySchema: z.ZodObject = form.query ?? NOTHING;
  return {
    ...facts,
    query: querySchema,
    async ask(asked, params, call) {
      const sent = sentWith(asked, form);
      const query = querySchema.safeParse(sent.query);
      const id = idSchema.safeParse(form.path.includes('{id}') ? params.id : 'none');
      const key = keySchema
        .optional()
        .safeParse(form.takesKey ? asked.headers.get('idempotency-key') : undefined);
      const body = (form.body ?? z.unknown()).safeParse(sent.body);
      const faults = [
        ...faultsOf(id.error, () => 'path.id'),
        ...sent.faults,
        ...faultsOf(query.error, memberOf('query')),
        ...faultsOf(key.error, () => 'header.idempotency-key'),
        ...faultsOf(body.error, sent.fieldOf),
      ];
      if (!id.success || !query.success || !key.success || !body.success || faults.length > 0) {
        throw new FaultyRequest(faults);
      }
      // The schemas are those of the form, whose types its compiler has checked.
      const input = { body: body.data, query: query.data, id: id.data, key: key.data } as Input<
        B,
        z.output<Q>
      >;
      return run(input, call);
    },
  };
}

interface Sent {
  readonly body: unknown;
  readonly query: Readonly<Record<string, string>>;
  readonly faults: readonly Fault[];
  /** How the sender knows a place of the body. */
  readonly fieldOf: (path: Path) => string;
}

function sentWith(
  asked: Asked,
  { body, csvQuery }: Pick<Facts, 'csvQuery'> & { readonly body?: unknown },
): Sent {
  const { values: query, faults } = queryOf(asked);
  // Also where no body is asked for: nobody gets to send any size of it.
  const text = bodyText(asked);
  if (body === undefined) return { body: undefined, query, faults, fieldOf: pointer };
  if (bodyType(asked, csvQuery === undefined ? ['json'] : ['json', 'csv']) === 'json') {
    return { body: readJson(text), query, faults, fieldOf: pointer };
  }
  const { scope, ...members } = query;
  return {
    body: { ...members, scope: { versions: versionsOfCsv(text) } },
    query: {},
    faults: scope === undefined ? faults : [...faults, { field: 'query.scope', rule: 'is not known here' }],
    fieldOf: csvField,
  };
}

/** `/scope/versions/3/bucket` is the bucket in the fourth row. */
function csvField(path: Path): string {
  const [first, , row, ...rest] = path;
  if (first !== 'scope') return memberOf('query')(path);
  return typeof row === 'number' ? [`row ${row + 1}`, ...rest.map(String)].join(', ') : 'rows';
}
