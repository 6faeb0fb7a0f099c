/** The named schemas of an OpenAPI document, made of zod's. */
import * as z from 'zod';

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, unknown>>;
}

/** The schemas that have a name: each is written down once, and referred to. */
export class Components {
  readonly #named = new Map<string, unknown>();

  refer(schema: z.ZodType, io: 'input' | 'output'): unknown {
    const { $defs = {}, ...rest } = z.toJSONSchema(schema, { io, target: 'draft-2020-12' });
    for (const [name, definition] of Object.entries($defs)) {
      const moved = relocated(definition);
      const earlier = this.#named.get(name);
      // As a request takes it and as an answer has it, a schema may differ; under one name it may not.
      if (earlier !== undefined && JSON.stringify(earlier) !== JSON.stringify(moved)) {
        throw new TypeError(`two schemas have the name ${name}`);
      }
      this.#named.set(name, moved);
    }
    return relocated(rest);
  }

  inline(schema: z.ZodType): unknown {
    return this.refer(schema, 'input');
  }

  /** The members of a body that has a name. */
  bodyOf(schema: z.ZodType): ObjectSchema | undefined {
    this.refer(schema, 'input');
    return this.#named.get(z.globalRegistry.get(schema)?.id ?? '') as ObjectSchema | undefined;
  }

  sorted(): Readonly<Record<string, unknown>> {
    return Object.fromEntries([...this.#named].toSorted(([one], [other]) => (one < other ? -1 : 1)));
  }
}

/** References lead to where OpenAPI keeps schemas, and a part of a document has no $schema of its own. */
function relocated(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(relocated);
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema).flatMap(([name, value]) => {
      if (name === '$schema') return [];
      if (name !== '$ref' || typeof value !== 'string') return [[name, relocated(value)]];
      return [[name, value.replace('#/$defs/', '#/components/schemas/')]];
    }),
  );
}
