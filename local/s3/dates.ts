const ISO_8601 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)$/;

/** The instant an ISO 8601 date and time names, cut to milliseconds; undefined when it names none. */
export function parseIso(text: string): number | undefined {
  const match = ISO_8601.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', zone = 'Z'] = match;
  const wall = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const asUtc = Date.parse(`${wall}.${fraction.padEnd(3, '0').slice(0, 3)}Z`);
  // Date.parse rolls 30 February over to March instead of refusing it.
  if (Number.isNaN(asUtc) || !new Date(asUtc).toISOString().startsWith(wall)) return undefined;
  return asUtc - zoneOffset(zone);
}

function zoneOffset(zone: string): number {
  if (zone === 'Z') return 0;
  const digits = zone.replace(':', '');
  const minutes = Number(digits.slice(1, 3)) * 60 + Number(digits.slice(3, 5));
  return (digits.startsWith('-') ? -1 : 1) * minutes * 60_000;
}

/** ISO 8601 with milliseconds, as S3 prints dates in XML and lock headers. */
export const iso = (time: number): string => new Date(time).toISOString();

/** The same with the sub-second part dropped: Last-Modified is whole seconds everywhere. */
export const isoSeconds = (time: number): string => iso(Math.floor(time / 1000) * 1000);

/** The HTTP date of Last-Modified and Date. */
export const httpDate = (time: number): string => new Date(time).toUTCString();

/** The date as S3 echoes a refused retain-until date: Java's form in US Pacific time. */
export function pacific(time: number): string {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: 'America/Los_Angeles',
    weekday: 'short',
    month: 'short',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
    year: 'numeric',
  }).formatToParts(time);
  const part = (type: Intl.DateTimeFormatPartTypes): string =>
    parts.find((each) => each.type === type)?.value ?? '';
  return `${part('weekday')} ${part('month')} ${part('day')} ${part('hour')}:${part('minute')}:${part('second')} ${part('timeZoneName')} ${part('year')}`;
}
