import { notImplemented, S3Error } from './errors.ts';

/** What a bucket policy forbids; what it allows is of no consequence, since everybody may do what is not denied. */
export interface Denial {
  readonly principals: readonly string[];
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

/** A policy as it was put, and what it forbids. */
export interface BucketPolicy {
  readonly text: string;
  readonly denials: readonly Denial[];
}

const malformed = (message: string): S3Error => new S3Error(400, 'MalformedPolicy', message);

const UNSERVED = ['Condition', 'NotPrincipal', 'NotAction', 'NotResource'];

/** Reads a policy; what it cannot judge it does not pretend to. */
export function readPolicy(text: string): BucketPolicy {
  const { Statement: statement } = readJson(text);
  const statements = Array.isArray(statement) ? statement : [statement];
  return { text, denials: statements.map(asObject).flatMap(readStatement) };
}

function readJson(text: string): Record<string, unknown> {
  try {
    return asObject(JSON.parse(text));
  } catch {
    throw malformed("Policies must be valid JSON and the first byte must be '{'");
  }
}

function readStatement(statement: Record<string, unknown>): Denial[] {
  const { Effect: effect, Principal: principal, Action: action, Resource: resource } = statement;
  if (effect !== 'Allow' && effect !== 'Deny') throw malformed(`Invalid effect: ${String(effect)}`);
  const denial: Denial = {
    principals: principal === '*' ? ['*'] : texts(asObject(principal).AWS, 'Invalid principal in policy'),
    actions: texts(action, 'Missing required field Action'),
    resources: texts(resource, 'Missing required field Resource'),
  };
  if (effect === 'Allow') return [];
  const unserved = UNSERVED.find((name) => statement[name] !== undefined);
  if (unserved !== undefined)
    throw notImplemented('This embedded S3 judges no such bucket policy.', { Header: unserved });
  return [denial];
}

function texts(value: unknown, otherwise: string): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.map((text) => {
    if (typeof text === 'string' && text !== '') return text;
    throw malformed(otherwise);
  });
}

function asObject(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return Object.fromEntries(Object.entries(value));
  throw malformed('Policy has invalid syntax');
}

/** Whether a policy forbids somebody an action on a resource; an account stands for all its users. */
export const denies = (policy: BucketPolicy, user: string, action: string, resource: string): boolean =>
  policy.denials.some(
    ({ principals, actions, resources }) =>
      principals.some((name) => name === '*' || name === user || isAccountOf(name, user)) &&
      actions.some((pattern) => matches(pattern, action, 'i')) &&
      resources.some((pattern) => matches(pattern, resource, '')),
  );

const isAccountOf = (name: string, user: string): boolean => {
  const [, account = name] = /^arn:aws:iam::(\d{12}):root$/.exec(name) ?? [];
  return /^\d{12}$/.test(account) && user.startsWith(`arn:aws:iam::${account}:`);
};

const matches = (pattern: string, text: string, flags: string): boolean =>
  new RegExp(
    `^${pattern
      .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    `s${flags}`,
  ).test(text);
