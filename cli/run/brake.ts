/** Pauses and resumes all locking; loaded only when somebody asks for it. */
import { Brake, type BrakeState } from '../../lib/app/brake.ts';
import { type RecordDeps } from '../../lib/app/record-deps.ts';
import { systemClock } from '../../lib/aws/system-clock.ts';
import { HoldfastError } from '../../lib/errors.ts';
import { type Documents } from '../../lib/ports/documents.ts';
import { openControl, openDocuments } from '../control.ts';
import { type ControlOptions } from '../control-options.ts';
import { paint, print, printJson, visible } from '../output.ts';

export interface BrakeOptions extends ControlOptions {
  readonly reason?: string;
  readonly json?: true;
}

/** The reason stands in the record of every version that waits. */
const LONGEST = 1_024;

export async function runPause(options: BrakeOptions): Promise<void> {
  const reason = reasonOption(options);
  const { documents, recording } = await openControl(options);
  const brake = brakeOf(documents, recording);
  await brake.pause(reason);
  await say(brake, options);
  if (options.json !== true) {
    print('  Functions stop within 10 seconds. Versions that come meanwhile are recorded, and not locked.');
    print('  What is locked stays locked. Go on with holdfast resume --reason TEXT');
  }
}

export async function runResume(options: BrakeOptions): Promise<void> {
  const reason = reasonOption(options);
  const { documents, recording } = await openControl(options);
  const brake = brakeOf(documents, recording);
  const before = await brake.show();
  await brake.resume(reason);
  await say(brake, options);
  if (options.json !== true) {
    if (before?.paused !== true) print('  It was not paused.');
    print('  Functions go on within 10 seconds, and with what waited within 15 minutes.');
    print('  The breaker counts the present hour anew.');
  }
}

/** Says whether it is paused, and changes nothing. */
export async function runShow(options: BrakeOptions): Promise<void> {
  await say(brakeOf(await openDocuments(options), NO_RECORDS), options);
}

async function say(brake: Brake, { json }: BrakeOptions): Promise<void> {
  const state = await brake.show();
  if (json === true) printJson({ paused: false, ...state });
  else print(stateText(state));
}

function stateText(state: BrakeState | undefined): string {
  if (state === undefined) return `${paint('green', '✔')} running: it was never paused`;
  const { paused, at, by, reason } = state;
  const since = `since ${visible(at)} by ${visible(by)}: ${visible(reason)}`;
  return paused ? `${paint('red', '■')} paused ${since}` : `${paint('green', '✔')} running ${since}`;
}

function brakeOf(documents: Documents, recording: RecordDeps): Brake {
  // The limit is for those who lock; nobody does here.
  return new Brake({ ...recording, documents, limit: { versions: 0, bytes: 0 } });
}

/** Reading leaves no record. */
const NO_RECORDS: RecordDeps = {
  audit: {
    append: async () => {
      throw new Error('nothing is done here that would need a record');
    },
  },
  clock: systemClock,
  actor: '',
  newId: () => '',
};

function reasonOption({ reason }: BrakeOptions): string {
  const text = reason?.trim() ?? '';
  if (text !== '' && text.length <= LONGEST) return text;
  throw new HoldfastError('bad-input', {
    what: text === '' ? 'no reason was given' : `the reason is longer than ${LONGEST} characters`,
    next: 'say why with --reason: it stands in the records',
  });
}
