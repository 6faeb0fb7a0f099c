/** What a matter would hold, and what its release would free, in words. */
import { type Forecast, type Preview } from '../lib/matters/messages.ts';
import { versionsText } from './matter-text.ts';
import { paint, print, table, visible } from './output.ts';
import { bytesText, count } from './plan-text.ts';

/** So many samples are shown before somebody is asked. */
const SAMPLES = 5;

/** What a scope covers, how much of it, and what holding it costs. */
export function sayPreview(
  { versions, bytes, more, samples, requests, usd }: Preview,
  say: (text: string) => void = print,
): void {
  const least = more ? 'at least ' : '';
  say(`${paint('bold', `${least}${versionsText(versions)}`)}, ${least}${bytesText(bytes)}`);
  if (more) say('(lower bounds: looking took too long to count everything)');
  for (const sample of samples.slice(0, SAMPLES)) say(`  ${visible(sample)}`);
  const left = samples.length - SAMPLES;
  if (left > 0) say(paint('dim', `  … and ${left} more samples; --json names them`));
  say(
    `holding them takes ${least}${count(requests)} ${requests === 1 ? 'request' : 'requests'}, about $${usd.toFixed(2)}`,
  );
}

/** What becomes of the versions once the matter is released. */
export function sayForecast({ looked, of, atOnce, byLifecycle, retained, held, gone }: Forecast): void {
  print(
    looked < of
      ? `Once it is released, of the first ${versionsText(looked)} of ${count(of)}:`
      : `Once it is released, of ${versionsText(of)}:`,
  );
  const deleted = byLifecycle.reduce((sum, { versions }) => sum + versions, 0);
  const lines: readonly (readonly [number, string])[] = [
    [atOnce, 'can be deleted at once: nothing keeps them any more'],
    [deleted, 'are deleted by lifecycle rules'],
    [retained, 'are kept by a retention date'],
    [held, 'stay ON for another matter, an event hold or somebody else'],
    [gone, 'are gone already'],
  ];
  for (const [versions, text] of lines) {
    const line = `  ${count(versions).padStart(9)} ${text}`;
    print(versions > 0 && versions === atOnce ? paint('yellow', line) : line);
  }
  if (byLifecycle.length === 0) return;
  print();
  print(
    table(
      ['by lifecycle', 'bucket', 'rule', 'when'],
      byLifecycle.map(({ versions, bucket, rule, when }) => [
        count(versions),
        ...[bucket, rule, when].map(visible),
      ]),
    ),
  );
}
