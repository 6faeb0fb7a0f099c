import { describe, expect, it } from '@jest/globals';
import { readBulkEnvironment } from '../../../lib/compose/bulk-environment.ts';

const GOOD = {
  HOLDFAST_COUNT_QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/1/count',
  HOLDFAST_CHANGE_QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/1/change',
  HOLDFAST_ENGINE: 'auto',
  HOLDFAST_TOLERANCE: 'P1D',
  HOLDFAST_MOST_VERSIONS: '1000000',
  HOLDFAST_MOST_USD: '0.5',
  HOLDFAST_MOST_PERCENT: '20',
};

describe('the environment of the bulk functions', () => {
  it('is read, with numbers as numbers, and what is empty as nothing', () => {
    expect(
      readBulkEnvironment({ ...GOOD, HOLDFAST_BATCH_ROLE: '', HOLDFAST_BATCH_FUNCTION: 'arn' }),
    ).toMatchObject({
      HOLDFAST_INVENTORIES: '',
      HOLDFAST_BATCH_ROLE: undefined,
      HOLDFAST_BATCH_FUNCTION: 'arn',
      HOLDFAST_MOST_VERSIONS: 1_000_000,
      HOLDFAST_MOST_USD: 0.5,
      HOLDFAST_MOST_PERCENT: 20,
    });
  });

  it('names all that is wrong, and never a value', () => {
    const read = (): unknown =>
      readBulkEnvironment({
        ...GOOD,
        HOLDFAST_COUNT_QUEUE_URL: 'secret',
        HOLDFAST_ENGINE: 'secret',
        HOLDFAST_TOLERANCE: 'secret',
        HOLDFAST_MOST_PERCENT: '101',
      });

    expect(read).toThrow(
      'wrong: HOLDFAST_COUNT_QUEUE_URL, HOLDFAST_ENGINE, HOLDFAST_TOLERANCE, HOLDFAST_MOST_PERCENT',
    );
    expect(read).not.toThrow('secret');
  });

  it.each(Object.keys(GOOD))('needs %s', (name) => {
    expect(() => readBulkEnvironment({ ...GOOD, [name]: undefined })).toThrow(
      expect.objectContaining({ code: 'bad-input', message: expect.stringContaining(name) }),
    );
  });
});
