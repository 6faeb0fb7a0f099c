import { describe, expect, it } from '@jest/globals';
import { testApi } from './support/api.ts';

const CSV = { 'content-type': 'text/csv; charset=utf-8' };

async function sent(body: string, query = 'title=t&reason=r') {
  const { ask, calls } = testApi();
  const answer = await ask('POST /matters', { body, query, headers: CSV });
  return { ...answer, request: calls.find(({ name }) => name === 'open')?.args[0] };
}

describe('a list as CSV', () => {
  it('opens a matter; its title and reason are in the query', async () => {
    const { status, request } = await sent(
      'bucket,key,versionId\r\ncase-files,a,v1\r\n',
      'title=Doe+v.%20X&reason=r&group=legal',
    );

    expect(status).toBe(201);
    expect(request).toStrictEqual({
      title: 'Doe v. X',
      reason: 'r',
      group: 'legal',
      scope: { versions: [{ bucket: 'case-files', key: 'a', versionId: 'v1' }] },
    });
  });

  it('widens one', async () => {
    const { ask, calls } = testApi();

    await ask('POST /matters/m-1/scopes', { body: 'key,bucket\na,case-files', headers: CSV });

    expect(calls[0]?.args[1]).toStrictEqual({ scope: { versions: [{ bucket: 'case-files', key: 'a' }] } });
  });

  it.each([
    ['without a last line end', 'bucket,key,versionId\ncase-files,a,', { key: 'a' }],
    ['with a cell less', 'bucket,key,versionId\ncase-files,a\n', { key: 'a' }],
    ['with the mark of an editor', '\u{feff}bucket,key\ncase-files,a\n', { key: 'a' }],
    ['with empty lines', '\r\nbucket,key\r\n\r\ncase-files,a\r\n\r\n', { key: 'a' }],
    ['with quotes', 'bucket,"key"\n"case-files","a,""b"""', { key: 'a,"b"' }],
    ['with a line end in a key', 'bucket,key\ncase-files,"a\r\nb"\n', { key: 'a\r\nb' }],
    ['with line ends of the last century', 'bucket,key\rcase-files,a\r', { key: 'a' }],
    ['with blanks, which belong to the key', 'bucket,key\ncase-files, a ', { key: ' a ' }],
    ['with the version null', 'bucket,key,versionId\ncase-files,a,null', { key: 'a', versionId: 'null' }],
  ])('is read %s', async (_, body, version) => {
    expect((await sent(body)).request).toHaveProperty('scope', {
      versions: [{ bucket: 'case-files', ...version }],
    });
  });

  it.each([
    ['case-files,a\n', 'header', 'has no column bucket'],
    ['bucket,key,bucket\na,b,c', 'header', 'has bucket twice'],
    ['bucket,key,extra\na,b,c', 'header', '"extra" is none of bucket, key, versionId'],
    ['bucket,key\ncase-files', 'row 1', 'has 1 cells, the header 2'],
    ['bucket,key\ncase-files,a,v1', 'row 1', 'has 3 cells, the header 2'],
    ['bucket,key\ncase-files,a\ncase-files,"a', 'row 2', 'a quote is not closed'],
    ['bucket,key\ncase-files,"a"b', 'row 1', 'text follows a closing quote'],
    ['bucket,key\ncase-files,a"b', 'row 1', 'a cell with quotes in it must be in quotes'],
    ['bucket,key\ncase-files,a\nUPPER,a', 'row 2, bucket', 'the name of one bucket'],
    ['bucket,key', 'rows', 'Too small: expected array to have >=1 items'],
    [`bucket,key\n${'case-files,a\n'.repeat(101)}`, 'rows', 'Too big: expected array to have <=100 items'],
    [`bucket,key\n${'case-files,a\n'.repeat(201)}`, 'body', 'has more than 200 rows'],
    ['"', 'header', 'a quote is not closed'],
  ])('%p has a fault', async (body, field, rule) => {
    const { status, problem } = await sent(body);

    expect(status).toBe(422);
    expect(problem.faults?.[0]).toStrictEqual({ field, rule });
  });

  it.each([
    ['title=t', 'query.reason', 'is missing'],
    ['title=t&reason=a%0Ab', 'query.reason', 'one line, without control characters'],
    ['title=t&reason=r&scope=all', 'query.scope', 'is not known here'],
    ['title=t&reason=r&after=x', 'query.after', 'is not known here'],
    ['title=t&reason=r&title=u', 'query.title', 'is given more than once'],
  ])('with the query %s has a fault', async (query, field, rule) => {
    const { problem } = await sent('bucket,key\ncase-files,a', query);

    expect(problem.faults).toStrictEqual([{ field, rule }]);
  });

  it('of a quarter of a megabyte of commas is refused at once', async () => {
    expect((await sent(','.repeat(250_000))).status).toBe(422);
    expect((await sent('\n'.repeat(250_000))).status).toBe(422);
    expect((await sent('"'.repeat(250_001))).status).toBe(422);
  });

  it('is not for those who send JSON', async () => {
    const { ask } = testApi();
    const body = { title: 't', reason: 'r', scope: { selector: { bucket: 'case-files' } } };

    const { problem } = await ask('POST /matters', { body, query: 'title=t' });

    expect(problem.faults).toStrictEqual([{ field: 'query.title', rule: 'is not known here' }]);
  });
});
