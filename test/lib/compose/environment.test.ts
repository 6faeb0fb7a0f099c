import { describe, expect, it } from '@jest/globals';
import { readEnvironment } from '../../../lib/compose/environment.ts';
import { HoldfastError } from '../../../lib/errors.ts';

/** What serverless.yml sets, all of it. */
const COMPLETE = {
  HOLDFAST_POLICY: 'docs/examples/starter.yaml',
  HOLDFAST_MAXIMUM: 'P12Y',
  HOLDFAST_ENFORCE: 'observe',
  HOLDFAST_BUCKETS: 'acme-docs,acme-backup-*',
  HOLDFAST_QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/123456789012/uploads',
  HOLDFAST_CONFIG_BUCKET: 'acme-config',
  HOLDFAST_AUDIT_BUCKET: 'acme-audit',
  HOLDFAST_AUDIT_LOG_GROUP: '/holdfast/prod/audit',
  HOLDFAST_BREAKER_VERSIONS: '100000',
  HOLDFAST_BREAKER_BYTES: '10000000000000',
} as const;

type Name = keyof typeof COMPLETE;

function errorOf(env: NodeJS.ProcessEnv): HoldfastError {
  try {
    readEnvironment(env);
  } catch (error) {
    if (error instanceof HoldfastError) return error;
    throw error;
  }
  throw new Error('the environment was taken');
}

/** The variables that an error names, in its order. */
function namesIn({ message }: HoldfastError): string[] {
  return message.match(/[A-Z][A-Z0-9_]{5,}/g) ?? [];
}

function without(name: Name): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(COMPLETE).filter(([other]) => other !== name));
}

describe('the environment of the functions', () => {
  it('is read with numbers as numbers, and says what it leaves out', () => {
    expect(readEnvironment(COMPLETE)).toStrictEqual({
      ...COMPLETE,
      HOLDFAST_BREAKER_VERSIONS: 100_000,
      HOLDFAST_BREAKER_BYTES: 10_000_000_000_000,
      HOLDFAST_STORE: 'aws',
      AWS_LAMBDA_FUNCTION_NAME: 'holdfast',
    });
  });

  it('may name the account, another store and its keys, and the function', () => {
    const more = {
      HOLDFAST_BUCKET_OWNER: '123456789012',
      HOLDFAST_STORE: 'ceph-rgw',
      HOLDFAST_STORE_ENDPOINT: 'http://127.0.0.1:7480',
      HOLDFAST_STORE_REGION: 'default',
      HOLDFAST_STORE_ACCESS_KEY_ID: 'key',
      HOLDFAST_STORE_SECRET_ACCESS_KEY: 'secret',
      AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9000',
      AWS_LAMBDA_FUNCTION_NAME: 'holdfast-prod-onObjectEvent',
    };

    expect(readEnvironment({ ...COMPLETE, ...more })).toMatchObject(more);
  });

  it('passes over what is not ours', () => {
    expect(readEnvironment({ ...COMPLETE, PATH: '/bin' })).not.toHaveProperty('PATH');
  });

  it.each(Object.keys(COMPLETE) as Name[])('names %s when it is missing', (name) => {
    const error = errorOf(without(name));

    expect(error).toMatchObject({
      code: 'bad-input',
      exitCode: 2,
      next: expect.stringContaining('serverless.yml'),
    });
    expect(namesIn(error)).toStrictEqual([name]);
  });

  it.each<[string, string]>([
    ['HOLDFAST_POLICY', ''],
    ['HOLDFAST_MAXIMUM', '12m'],
    ['HOLDFAST_MAXIMUM', 'forever'],
    ['HOLDFAST_ENFORCE', 'sometimes'],
    ['HOLDFAST_ENFORCE', 'Apply'],
    ['HOLDFAST_BUCKETS', ''],
    ['HOLDFAST_QUEUE_URL', 'not-a-url'],
    ['HOLDFAST_CONFIG_BUCKET', 'ab'],
    ['HOLDFAST_AUDIT_BUCKET', 'ab'],
    ['HOLDFAST_AUDIT_LOG_GROUP', ''],
    ['HOLDFAST_BREAKER_VERSIONS', '-77'],
    ['HOLDFAST_BREAKER_VERSIONS', '0'],
    ['HOLDFAST_BREAKER_VERSIONS', ''],
    ['HOLDFAST_BREAKER_VERSIONS', '7.5'],
    ['HOLDFAST_BREAKER_VERSIONS', 'many'],
    ['HOLDFAST_BREAKER_BYTES', '10TB'],
    ['HOLDFAST_BREAKER_BYTES', 'Infinity'],
    ['HOLDFAST_BUCKET_OWNER', '1234-5678-9012'],
    ['HOLDFAST_STORE_ENDPOINT', 'ceph.example'],
    ['AWS_ENDPOINT_URL_S3', 'nowhere'],
  ])('names %s when it is %j, and does not repeat the value', (name, value) => {
    const error = errorOf({ ...COMPLETE, [name]: value });

    expect(error.message).toBe(
      `the environment is incomplete or wrong: ${name}; set these variables in serverless.yml`,
    );
  });

  it('names all that are wrong at once, and never what a secret holds', () => {
    const error = errorOf({
      ...without('HOLDFAST_POLICY'),
      HOLDFAST_QUEUE_URL: 'hunter2',
      HOLDFAST_STORE_ENDPOINT: 'hunter3',
      HOLDFAST_STORE_SECRET_ACCESS_KEY: 'hunter4',
    });

    expect(namesIn(error)).toStrictEqual([
      'HOLDFAST_POLICY',
      'HOLDFAST_QUEUE_URL',
      'HOLDFAST_STORE_ENDPOINT',
    ]);
    expect(error.message).not.toContain('hunter');
  });

  it.each(['HOLDFAST_STORE_ACCESS_KEY_ID', 'HOLDFAST_STORE_SECRET_ACCESS_KEY'])(
    'is wrong when it holds %s and not the other half of the key: the store would be asked as somebody else',
    (half) => {
      expect(
        errorOf({ ...COMPLETE, HOLDFAST_STORE_ENDPOINT: 'http://127.0.0.1:1', [half]: 'x' }),
      ).toMatchObject({
        code: 'bad-input',
      });
    },
  );

  it.each([' ', ',', ' , '])('is wrong when the list of buckets is %j: nothing would be managed', (list) => {
    expect(namesIn(errorOf({ ...COMPLETE, HOLDFAST_BUCKETS: list }))).toStrictEqual(['HOLDFAST_BUCKETS']);
  });
});
