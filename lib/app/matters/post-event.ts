/** A business event: what waits for it gets its date, or is held again. */
import { HoldfastError } from '../../errors.ts';
import { type EventAnswer, type EventRequest } from '../../matters/messages.ts';
import { type Caller } from '../caller.ts';
import { type ServiceDeps } from './service-deps.ts';

export async function postEvent(
  request: EventRequest,
  _key: string | undefined,
  _caller: Caller,
  _deps: ServiceDeps,
): Promise<EventAnswer> {
  throw new HoldfastError('bad-request', { what: `${request.event} is not wired yet`, next: 'wait' });
}
