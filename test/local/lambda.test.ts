import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Lambda, startLambda } from '../../local/lambda.ts';

/** A function from its source, bundled by hand. */
function lambdaOf(source: string, timeoutSeconds = 5): { lambda: Lambda; lines: string[] } {
  const root = mkdtempSync(join(tmpdir(), 'holdfast-lambda-'));
  mkdirSync(join(root, 'dist'));
  writeFileSync(join(root, 'dist/fn.mjs'), source);
  const lines: string[] = [];
  const lambda = startLambda({
    name: 'fn',
    handler: 'dist/fn.handler',
    root,
    timeoutSeconds,
    environment: { ANSWER: '42' },
    onLog: (line) => lines.push(line),
  });
  return { lambda, lines };
}

describe('the runner of functions', () => {
  let lambda: Lambda;
  afterEach(async () => {
    await lambda.close();
  });

  it('gives the event and a context, and only the environment that was set', async () => {
    ({ lambda } = lambdaOf(
      'export const handler = async (event, context) => ({ event, name: context.functionName, left: context.getRemainingTimeInMillis() > 0, answer: process.env.ANSWER, home: process.env.HOME });',
    ));

    expect(await lambda.invoke({ a: 1 })).toStrictEqual({
      event: { a: 1 },
      name: 'fn',
      left: true,
      answer: '42',
      home: undefined,
    });
  });

  it('keeps its environment warm from one event to the next, and handles one at a time', async () => {
    ({ lambda } = lambdaOf(
      'let busy = 0; let count = 0; export const handler = async () => { busy += 1; const most = busy; await null; busy -= 1; count += 1; return { most, count }; };',
    ));

    const answers = await Promise.all([lambda.invoke({}), lambda.invoke({})]);

    expect(answers).toStrictEqual([
      { most: 1, count: 1 },
      { most: 1, count: 2 },
    ]);
  });

  it('passes an error on', async () => {
    ({ lambda } = lambdaOf("export const handler = async () => { throw new Error('no such thing'); };"));

    await expect(lambda.invoke({})).rejects.toThrow('no such thing');
  });

  it('ends a function that takes too long, and starts the next event anew', async () => {
    ({ lambda } = lambdaOf(
      'let count = 0; export const handler = async (event) => { count += 1; if (event.hang) await new Promise(() => undefined); return count; };',
      0.5,
    ));
    await lambda.invoke({});

    await expect(lambda.invoke({ hang: true })).rejects.toThrow('fn took longer than 0.5 seconds');
    expect(await lambda.invoke({})).toBe(1);
  });

  it('says which bundle lacks the handler', async () => {
    ({ lambda } = lambdaOf('export const other = 1;'));

    await expect(lambda.invoke({})).rejects.toThrow('exports no function "handler"');
  });
});
