/** Posts events that rules wait for; loaded only when somebody asks for it. */
import { HoldfastError } from '../../lib/errors.ts';
import { type EventAnswer, eventAnswerSchema } from '../../lib/matters/messages.ts';
import { openApi } from '../api-client.ts';
import { type ApiOptions } from '../api-options.ts';
import { versionsText } from '../matter-text.ts';
import { print, printJson, table, visible } from '../output.ts';
import { count } from '../plan-text.ts';
import { scopeOf, type ScopeOptions } from '../scope-options.ts';

export interface EventOptions extends ApiOptions, ScopeOptions {
  readonly event: string;
  readonly release?: true;
  readonly hold?: true;
}

/** So many versions are named; the rest is counted. */
const NAMED = 20;

export async function runPost(addresses: readonly string[], options: EventOptions): Promise<void> {
  const { event, release, hold, json } = options;
  if (release === hold) {
    throw new HoldfastError('bad-input', {
      what: release === true ? 'an event has happened or has not' : 'nothing was said of the event',
      next: 'give --release where it has happened, or --hold where that is undone',
    });
  }
  const action = release === true ? 'release' : 'hold';
  const scope = scopeOf(addresses, options);
  const { value, raw } = await openApi(options).post('/events', eventAnswerSchema, { event, action, scope });
  if (json === true) printJson(raw);
  else sayEvent(value);
}

function sayEvent({ id, state, versions, counts, results }: EventAnswer): void {
  const counted = Object.entries(counts).map(([outcome, number]) => `${count(number)} ${visible(outcome)}`);
  print(`${visible(id)}  ${[versionsText(versions), ...counted].join(', ')}`);
  if (results.length > 0) {
    print();
    print(
      table(
        ['outcome', 'bucket', 'key', 'version', 'until', 'detail'],
        results
          .slice(0, NAMED)
          .map(({ outcome, bucket, key, versionId, until = '', detail = '' }) =>
            [outcome, bucket, key, versionId, until, detail].map(visible),
          ),
      ),
    );
  }
  if (results.length > NAMED) print(`… and ${results.length - NAMED} more; --json names them`);
  if (state === 'working') print('The rest is being done.');
}
