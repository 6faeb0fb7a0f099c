/** The routes of the HTTP API that a function of serverless.yml answers, and who may call them. */
import { type Fields, list, record, text } from './fields.ts';

export interface StackRoute {
  /** Upper case; `*` is any. */
  readonly method: string;
  /** As written, `/matters/{id}`; `*` is whatever no other route takes. */
  readonly path: string;
  readonly authorizer: 'jwt' | 'iam' | 'none';
}

/** @param authorizers - those of `provider.httpApi`, which events name. */
export function routesOf(name: string, fn: Fields, authorizers: Fields): StackRoute[] {
  return list(fn.events).flatMap((event) => {
    const { httpApi } = record(event);
    return httpApi === undefined ? [] : [routeOf(name, httpApi, authorizers)];
  });
}

function routeOf(name: string, httpApi: unknown, authorizers: Fields): StackRoute {
  if (typeof httpApi === 'string') {
    const [method = '*', path = '*'] = httpApi.trim().split(/\s+/);
    return { method: method.toUpperCase(), path, authorizer: 'none' };
  }
  const { method, path, authorizer } = record(httpApi);
  return {
    method: text(method ?? '*', `the method of functions.${name}`).toUpperCase(),
    path: text(path, `the path of functions.${name}`),
    authorizer: authorizer === undefined ? 'none' : authorizerOf(authorizer, authorizers),
  };
}

function authorizerOf(authorizer: unknown, authorizers: Fields): StackRoute['authorizer'] {
  const name = typeof authorizer === 'string' ? authorizer : record(authorizer).name;
  const known = record(typeof name === 'string' ? authorizers[name] : undefined);
  const type = record(authorizer).type ?? known.type;
  if (type === 'jwt') return 'jwt';
  if (type === 'aws_iam') return 'iam';
  // Taken as open, a route that is closed in AWS would seem to work here for anybody.
  throw new Error(`serverless.yml: the local cloud has no authorizer ${JSON.stringify(authorizer)}`);
}
