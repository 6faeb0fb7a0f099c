import type { Call } from './call.ts';
import { invalidRequest, malformedXml, notImplemented } from './errors.ts';
import type { EventHold } from './lock.ts';
import { readTerm, type Term } from './term.ts';
import { branch, leaf, members, type XmlNode } from './xml.ts';

/** How a refused duration is called in messages. */
export const DURATION = 'Event hold duration';

/** Whether what a request says of event holds counts: other stores drop it in silence, or refuse it. */
export function heedsEventHolds({ service }: Call, member: string): boolean {
  const { eventHolds } = service.dialect;
  if (eventHolds === 'refused')
    throw notImplemented('This store does not implement event holds.', { Header: member });
  return eventHolds === undefined;
}

/** The event hold that a status and a duration make together: ON has one, and OFF has none. */
export function eventHoldOf(
  status: 'ON' | 'OFF' | undefined,
  duration: Term | undefined,
): EventHold | undefined {
  if (status === 'ON') {
    if (!duration) throw invalidRequest('EventHold:ON must be supplied with an EventHoldDuration.');
    return { status, duration };
  }
  if (duration) throw invalidRequest('EventHoldDuration must be supplied with EventHold:ON only.');
  return status && { status };
}

/** Reads an element that holds days or years: EventHoldDuration and DefaultEventHold. */
export function readDuration(node: XmlNode): Term {
  const { Days: days, Years: years } = members(node, ['Days', 'Years']);
  const only = days ?? years;
  if (!only || (days && years)) throw malformedXml();
  const term = readTerm(days ? 'Days' : 'Years', only.text.trim(), { what: DURATION });
  if (!term) throw malformedXml();
  return term;
}

/** The same element, written; no duration leaves it out. */
export const durationElement = (name: string, duration: Term | undefined): string =>
  duration ? branch(name, leaf(duration.unit, duration.length)) : '';

/** The duration of an event hold, which is told only while it is on. */
export const durationOf = (eventHold: EventHold | undefined): Term | undefined =>
  eventHold?.status === 'ON' ? eventHold.duration : undefined;
