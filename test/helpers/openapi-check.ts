/** Judges answers by an OpenAPI document alone: is this one that it announces? */
import * as z from 'zod';
import { type OpenApiDocument } from './openapi-fuzz.ts';
import { type Schema } from './schema-sample.ts';

export interface Answered {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** Tells what is wrong with an answer; undefined where nothing is. */
export type Judge = (
  request: { readonly method: string; readonly path: string },
  answer: Answered,
) => string | undefined;

interface Responses {
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, { schema: Schema }>> }>
  >;
}

/** Refusals must be problems whose code the document knows; other answers must match the schema of their route. */
export function judgeBy(document: OpenApiDocument): Judge {
  const compiled = new Map<Schema, z.ZodType>();
  const $defs = relocated(document.components.schemas) as Record<string, Schema>;
  const check = (schema: Schema, text: string): string | undefined => {
    const form = compiled.get(schema) ?? z.fromJSONSchema({ ...(relocated(schema) as Schema), $defs });
    compiled.set(schema, form);
    const { error } = form.safeParse(JSON.parse(text));
    return error === undefined ? undefined : z.prettifyError(error);
  };
  const problem: Schema = { $ref: '#/components/schemas/Problem' };
  const templates = Object.keys(document.paths).map((template) => ({
    template,
    fits: new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}/?$`),
  }));
  return ({ method, path }, { status, type, text }) => {
    const media = type.split(';')[0] ?? '';
    if (status >= 400) {
      if (media !== 'application/problem+json') return `${status} comes as ${media}`;
      const fault = check(problem, text);
      if (fault !== undefined) return fault;
      return (JSON.parse(text) as { status: number }).status === status ? undefined : 'two statuses';
    }
    const [plain = ''] = path.split('?');
    // A path without variables comes before one that has them.
    const [found] = templates
      .filter(
        ({ template, fits }) => fits.test(plain) && method.toLowerCase() in (document.paths[template] ?? {}),
      )
      .toSorted((a, b) => a.template.split('{').length - b.template.split('{').length);
    const operation =
      found && (document.paths[found.template]?.[method.toLowerCase()] as Responses | undefined);
    const said = operation?.responses[String(status)]?.content[media];
    if (said === undefined) return `${method} ${plain} does not announce ${status} ${media}`;
    return media === 'application/json' ? check(said.schema, text) : undefined;
  };
}

function relocated(schema: unknown): unknown {
  const text = JSON.stringify(schema).replaceAll('"#/components/schemas/', '"#/$defs/');
  return JSON.parse(text) as unknown;
}
