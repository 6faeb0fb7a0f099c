import { describe, expect, it } from '@jest/globals';
import { decodedKey } from '../../../lib/aws/inventory-csv.ts';
import { lineCutter } from '../../../lib/aws/csv-lines.ts';
import { failureOf, type TaskResult, taskOf } from '../../../lib/runs/job-report.ts';

/** The cells of each line, cut as the adapter cuts a report. */
function cellsOf(text: string): string[][] {
  const lines: string[][] = [];
  const columns = [0, 1, 2, 3, 4, 5, 6];
  const cutter = lineCutter(
    columns.length,
    columns,
    (cut, bounds) => lines.push(columns.map((at) => cut.slice(bounds[at * 2], bounds[at * 2 + 1]))),
    (line, why) => {
      throw new Error(`line ${line}: ${why}`);
    },
  );
  cutter.take(text);
  cutter.end();
  return lines;
}

function read(text: string): TaskResult | undefined {
  const [cells, ...more] = cellsOf(text);
  expect(more).toStrictEqual([]);
  return taskOf(cells ?? [], decodedKey);
}

describe('a line of a report', () => {
  it.each([
    ['as it is declared', 'b,k,v1,succeeded,,200,Successful\n'],
    ['as it is shown', 'b,k,v1,succeeded,200,,Successful\n'],
    ['all in quotes', '"b","k","v1","succeeded","","200","Successful"\n'],
  ])('of a task that went well, %s', (_, line) => {
    expect(read(line)).toStrictEqual({
      ...{ bucket: 'b', key: 'k', versionId: 'v1', ok: true },
      ...{ status: 200, code: '', message: 'Successful' },
    });
  });

  it.each([
    ['as it is declared', 'b,k,v1,failed,AccessDenied,403,"Access Denied"\n'],
    ['as it is shown', 'b,k,v1,failed,403,AccessDenied,"Access Denied"\n'],
  ])('of a task that failed, %s', (_, line) => {
    expect(read(line)).toStrictEqual({
      ...{ bucket: 'b', key: 'k', versionId: 'v1', ok: false },
      ...{ status: 403, code: 'AccessDenied', message: 'Access Denied' },
    });
  });

  it.each(['PermanentFailure,200', '200,PermanentFailure'])(
    'of a function that failed tells its code and not the answer of the call: %s',
    (pair) => {
      expect(read(`b,k,v1,failed,${pair},"moved"\n`)).toMatchObject({
        status: 200,
        code: 'PermanentFailure',
      });
    },
  );

  it('keeps commas, quotes and line ends of its message', () => {
    expect(read('b,k,v,failed,InternalError,500,"one, two\nsaid ""no"""\n')).toMatchObject({
      message: 'one, two\nsaid "no"',
      status: 500,
    });
  });

  it.each([['null'], ['']])('of a version that has no id of its own, written as "%s"', (versionId) => {
    expect(read(`b,k,${versionId},succeeded,200,,\n`)).toMatchObject({ versionId: 'null' });
  });

  it('has its key decoded', () => {
    const key = 'a+b %25 "q",\n😀';
    const encoded = encodeURIComponent(key);

    expect(read(`b,${encoded},v,succeeded,200,,\n`)).toMatchObject({ key });
    expect(read(`b,${encoded.replaceAll('%20', '+')},v,succeeded,200,,\n`)).toMatchObject({ key });
  });

  it.each([
    [
      'headings',
      ['Bucket', 'Key', 'VersionId', 'TaskStatus', 'ErrorCode', 'HTTPStatusCode', 'ResultMessage'],
    ],
    ['too few cells', ['b', 'k', 'v', 'succeeded', '200']],
    ['no bucket', ['', 'k', 'v', 'succeeded', '200', '', '']],
    ['a key that is not encoded', ['b', '100%', 'v', 'succeeded', '200', '', '']],
    ['a state that nobody knows', ['b', 'k', 'v', 'skipped', '200', '', '']],
  ])('is none with %s', (_, cells) => {
    expect(taskOf(cells, decodedKey)).toBeUndefined();
  });
});

describe('why a task failed', () => {
  it.each([
    ['gone', 'NoSuchKey,404', 'The specified key does not exist.'],
    ['gone', 'NoSuchVersion,404', 'The specified version does not exist.'],
    ['gone', 'MethodNotAllowed,405', 'a delete marker'],
    ['gone', '404,', ''],
    ['denied', 'AccessDenied,403', 'Access Denied'],
    ['denied', '403,', ''],
    ['denied', 'PermanentFailure,200', 'Access Denied (Service: Amazon S3)'],
    ['throttled', 'SlowDown,503', 'Please reduce your request rate.'],
    ['throttled', 'ServiceUnavailable,503', ''],
    ['throttled', 'ThrottlingException,400', 'Rate exceeded'],
    ['throttled', 'InternalError,500', 'We encountered an internal error.'],
    ['throttled', 'TemporaryFailure,200', 'try again'],
    ['throttled', '502,', ''],
    ['other', 'InvalidRequest,400', 'Bucket is missing Object Lock Configuration'],
    ['other', 'PermanentFailure,200', 'the function says no'],
  ])('is %s: %s', (expected, pair, message) => {
    const line = (cells: string): TaskResult => {
      const task = read(`b,k,v,failed,${cells},"${message}"\n`);
      if (task === undefined) throw new Error(`no task: ${cells}`);
      return task;
    };

    expect(failureOf(line(pair))).toBe(expected);
    expect(failureOf(line(pair.split(',').reverse().join(',')))).toBe(expected);
  });
});
