import { describe, expect, it } from '@jest/globals';
import { composeUploads } from '../../../lib/compose/uploads.ts';
import { fileOf } from '../../helpers/cli.ts';

const ENVIRONMENT = {
  AWS_REGION: 'us-east-1',
  AWS_LAMBDA_FUNCTION_NAME: 'on-object-event',
  HOLDFAST_STORE: 'aws',
  HOLDFAST_BUCKETS: 'docs',
  HOLDFAST_QUEUE_URL: 'http://127.0.0.1:9/queue',
  HOLDFAST_CONFIG_BUCKET: 'config',
  HOLDFAST_AUDIT_BUCKET: 'audit',
  HOLDFAST_AUDIT_LOG_GROUP: 'records',
  HOLDFAST_MAXIMUM: 'P12Y',
  HOLDFAST_ENFORCE: 'apply',
  HOLDFAST_BREAKER_VERSIONS: '1000',
  HOLDFAST_BREAKER_BYTES: '1000000',
};

describe('the functions of the upload path at a cold start', () => {
  it('do nothing on a packaged policy that is broken, and raise the alarm of the policy', () => {
    const alarms: unknown[] = [];
    const start = (): unknown =>
      composeUploads(
        { ...ENVIRONMENT, HOLDFAST_POLICY: fileOf('policy.yaml', 'version: 1\nruls: []\n') },
        { onPolicyStale: (cause) => alarms.push(cause), onCopyFailed: () => undefined },
      );

    expect(start).toThrow(expect.objectContaining({ code: 'bad-policy' }));
    expect(alarms).toStrictEqual([expect.objectContaining({ code: 'bad-policy' })]);
  });

  it.each([
    ['docs', true],
    ['audit', false],
    ['config', false],
    ['holdfast-probe-0123456789abcdef', false],
  ])('that manage every bucket manage %s: %s', (bucket, isManaged) => {
    const policy = 'version: 1\nrules: [{ name: r, lock: { mode: GOVERNANCE, for: P1D } }]\n';
    const { manages } = composeUploads(
      { ...ENVIRONMENT, HOLDFAST_BUCKETS: '*', HOLDFAST_POLICY: fileOf('policy.yaml', policy) },
      { onPolicyStale: () => undefined, onCopyFailed: () => undefined },
    );

    expect(manages(bucket)).toBe(isManaged);
  });
});
