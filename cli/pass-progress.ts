/** Shows how far a pass over a listing has come, where somebody watches. */
import { type PassProgress } from '../lib/app/plan-changes.ts';

const EVERY = 250;

export interface ShownProgress {
  readonly show: (progress: PassProgress) => void;
  readonly clear: () => void;
}

/** Rows a second, the part that is done, and when the rest will be. */
export function passProgress(what: string, now: () => number = Date.now): ShownProgress {
  if (!process.stderr.isTTY) return { show: () => undefined, clear: () => undefined };
  const began = now();
  let shown = 0;
  return {
    show: (progress) => {
      const at = now();
      if (at - shown < EVERY) return;
      shown = at;
      process.stderr.write(`\r\u001b[K${what}: ${progressText(progress, at - began)}`);
    },
    clear: () => process.stderr.write('\r\u001b[K'),
  };
}

/** @param elapsed - milliseconds since the pass began. */
function progressText({ rows, done }: PassProgress, elapsed: number): string {
  const rate = elapsed === 0 ? 0 : Math.round((rows * 1_000) / elapsed);
  const count = `${rows.toLocaleString('en')} versions, ${rate.toLocaleString('en')} a second`;
  if (done === undefined || done === 0) return count;
  const left = Math.round((elapsed * (1 - done)) / done / 1_000);
  return `${count}, ${Math.floor(done * 100)} %, ${durationText(left)} left`;
}

export function durationText(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${seconds % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
