/** Shows how far a run has come, where somebody watches. */
import { type ApplyProgress } from '../lib/app/apply-plan.ts';
import { durationText } from './pass-progress.ts';
import { count } from './plan-text.ts';

const EVERY = 250;

export function applyProgress(quiet: boolean): {
  show: (progress: ApplyProgress) => void;
  clear: () => void;
} {
  if (quiet || !process.stderr.isTTY) return { show: () => undefined, clear: () => undefined };
  const began = Date.now();
  let shown = 0;
  let first: number | undefined;
  return {
    show: (progress) => {
      first ??= progress.succeeded + progress.failed;
      const at = Date.now();
      if (at - shown < EVERY) return;
      shown = at;
      process.stderr.write(`\r\u001b[K${applyText(progress, first, at - began)}`);
    },
    clear: () => process.stderr.write('\r\u001b[K'),
  };
}

/**
 * @param before - versions that had ended when the command began.
 * @param elapsed - milliseconds since then.
 */
function applyText(
  { succeeded, failed, total, jobs }: ApplyProgress,
  before: number,
  elapsed: number,
): string {
  const done = succeeded + failed;
  const left = Math.max(0, total - done);
  const rate = elapsed === 0 ? 0 : ((done - before) * 1_000) / elapsed;
  const eta = rate > 0 && left > 0 ? `, ${durationText(Math.round(left / rate))} left` : '';
  const states = jobs.length === 0 ? '' : `, jobs: ${jobs.join(', ')}`;
  return `${count(succeeded)} succeeded, ${count(failed)} failed, ${count(left)} to go, ${count(Math.round(rate))} a second${eta}${states}`;
}
