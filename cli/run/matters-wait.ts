/** Follows a matter until the work on it is over, and tells scripts how it ended. */
import { systemClock } from '../../lib/aws/system-clock.ts';
import { type MatterView, matterViewSchema } from '../../lib/matters/messages.ts';
import { type Answered, type Api } from '../api-client.ts';
import { progressText } from '../matter-text.ts';
import { numberOption } from '../options.ts';
import { printError } from '../output.ts';

export interface WaitOptions {
  readonly wait?: true;
  readonly every?: string;
  readonly json?: true;
}

const EVERY_SECONDS = 5;
const PARTLY_FAILED = 6;

/** Milliseconds; read before anything is asked. */
export function pollEvery({ every }: WaitOptions): number {
  return numberOption('--every', every, EVERY_SECONDS, 0.1) * 1_000;
}

/** The matter as it was answered, or with `--wait` as it is when nothing is being done to it any more. */
export async function followed(
  first: Answered<MatterView>,
  api: Api,
  options: WaitOptions,
): Promise<Answered<MatterView>> {
  let matter = first;
  if (options.wait === true) {
    const progress = progressOf(options);
    const every = pollEvery(options);
    try {
      while (isWorking(matter.value)) {
        progress.show(matter.value);
        await systemClock.wait(every);
        matter = await api.get(`/matters/${matter.value.id}`, matterViewSchema);
      }
    } finally {
      progress.clear();
    }
  }
  const states = matter.value.scopes.map(({ state }) => state);
  if (!isWorking(matter.value) && states.some((state) => state.endsWith('exceptions')))
    process.exitCode = PARTLY_FAILED;
  return matter;
}

export function isWorking({ scopes }: MatterView): boolean {
  return scopes.some(({ state }) => state === 'opening' || state === 'releasing');
}

/** One line that changes where somebody watches, and else a line for each change; scripts that read JSON get none. */
function progressOf({ json }: WaitOptions): { show: (matter: MatterView) => void; clear: () => void } {
  if (process.stderr.isTTY) {
    return {
      show: (matter) => process.stderr.write(`\r\u001b[K${progressText(matter)}`),
      clear: () => process.stderr.write('\r\u001b[K'),
    };
  }
  let last = '';
  return {
    show: (matter) => {
      const line = progressText(matter);
      if (json !== true && line !== last) printError(line);
      last = line;
    },
    clear: () => undefined,
  };
}
