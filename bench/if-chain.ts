/** The limit: the hundred nested rules as somebody would write them out by hand, nested in the same way. */
import { type Instant, parseEndOfDay } from '../lib/lock/instant.ts';
import { type VersionFacts } from '../lib/policy/facts.ts';
import { endOf, parsePeriod } from '../lib/policy/period.ts';
import { after, type Answer, Strongest } from './answer.ts';

const Y1 = parsePeriod('P1Y');
const Y2 = parsePeriod('P2Y');
const Y3 = parsePeriod('P3Y');
const Y4 = parsePeriod('P4Y');
const Y5 = parsePeriod('P5Y');
const Y6 = parsePeriod('P6Y');
const Y7 = parsePeriod('P7Y');
const Y8 = parsePeriod('P8Y');
const Y9 = parsePeriod('P9Y');
const Y10 = parsePeriod('P10Y');
const END_OF_2030 = parseEndOfDay('2030-12-31');
const END_OF_2031 = parseEndOfDay('2031-12-31');
const END_OF_2032 = parseEndOfDay('2032-12-31');
const END_OF_2033 = parseEndOfDay('2033-12-31');
const END_OF_2034 = parseEndOfDay('2034-12-31');

/** Decides by plain conditions; it does nothing but answer, and knows every rule at the time of writing. */
export function decideByHand(version: VersionFacts, now: Instant): Answer | undefined {
  const best = new Strongest(now);
  const kind = version.tags === 'unknown' ? undefined : version.tags.get('class');
  switch (version.bucket) {
    case 'acme-finance':
      finance(version, kind, best);
      break;
    case 'acme-legal':
      legal(version, kind, best);
      break;
    case 'acme-health':
      health(version, kind, best);
      break;
    case 'acme-media':
      media(version, kind, best);
      break;
    case 'acme-backup':
      backup(version, kind, best);
      break;
  }
  return best.answer;
}

function finance({ key, created }: VersionFacts, kind: string | undefined, best: Strongest): void {
  if (key.startsWith('invoices/')) {
    best.add('GOVERNANCE', after(created, Y1));
    if (kind === 'k00') best.add('GOVERNANCE', after(created, Y2));
    if (key.startsWith('invoices/final/')) {
      best.add('COMPLIANCE', after(endOf(created, 'month'), Y1));
      if (kind === 'k00' || kind === 'k25') best.add('COMPLIANCE', END_OF_2030);
    }
  } else if (key.startsWith('payroll/')) {
    best.add('GOVERNANCE', after(created, Y2));
    if (kind === 'k01') best.add('GOVERNANCE', after(created, Y3));
    if (key.startsWith('payroll/final/')) {
      best.add('COMPLIANCE', after(endOf(created, 'quarter'), Y1));
      if (kind === 'k01' || kind === 'k26') best.add('GOVERNANCE', after(created, Y4));
    }
  } else if (key.startsWith('ledgers/')) {
    best.add('GOVERNANCE', after(created, Y3));
    if (kind === 'k02') best.add('GOVERNANCE', after(created, Y4));
    if (key.startsWith('ledgers/final/')) {
      best.add('COMPLIANCE', after(endOf(created, 'year'), Y1));
      if (kind === 'k02' || kind === 'k27') best.add('COMPLIANCE', END_OF_2030);
    }
  } else if (key.startsWith('tax/')) {
    best.add('GOVERNANCE', after(created, Y4));
    if (kind === 'k03') best.add('GOVERNANCE', after(created, Y5));
    if (key.startsWith('tax/final/')) {
      best.add('COMPLIANCE', after(endOf(created, 'month'), Y1));
      if (kind === 'k03' || kind === 'k28') best.add('GOVERNANCE', after(created, Y6));
    }
  } else if (key.startsWith('loans/')) {
    best.add('GOVERNANCE', after(created, Y5));
    if (kind === 'k04') best.add('GOVERNANCE', after(created, Y6));
    if (key.startsWith('loans/final/')) {
      best.add('COMPLIANCE', after(endOf(created, 'quarter'), Y1));
      if (kind === 'k04' || kind === 'k29') best.add('COMPLIANCE', END_OF_2030);
    }
  }
}

function legal({ key, created }: VersionFacts, kind: string | undefined, best: Strongest): void {
  if (key.startsWith('contracts/')) {
    best.add('GOVERNANCE', after(created, Y1));
    if (kind === 'k05') best.add('GOVERNANCE', after(created, Y3));
    if (key.startsWith('contracts/final/')) {
      best.add('COMPLIANCE', after(endOf(created, 'month'), Y2));
      if (kind === 'k05' || kind === 'k30') best.add('COMPLIANCE', END_OF_2031);
    }
  } else if (key.startsWith('litigation/')) {
    best.add('GOVERNANCE', after(created, Y2));
    if (kind === 'k06') best.add('GOVERNANCE', after(created, Y4));
    if (key.startsWith('litigation/final/')) {
      best.add('COMPLIANCE', after(endOf(created, 'quarter'), Y2));
      if (kind === 'k06' || kind === 'k31') best.add('GOVERNANCE', after(created, Y5));
    }
  } else if (key.startsWith('patents/')) {
    best.add('GOVERNANCE', after(created, Y3));
    if (kind === 'k07') best.add('GOVERNANCE', after(created, Y5));
    if (key.startsWith('patents/final/')) {
      best.add('COMPLIANCE', after(endOf(created, 'year'), Y2));
      if (kind === 'k07' || kind === 'k32') best.add('COMPLIANCE', END_OF_2031);
    }
  } else if (key.startsWith('board/')) {
    best.add('GOVERNANCE', after(created, Y4));
    if (kind === 'k08') best.add('GOVERNANCE', after(created, Y6));
    if (key.startsWith('board/final/')) {
      best.add('COMPLIANCE', after(endOf(created, 'month'), Y2));
      if (kind === 'k08' || kind === 'k33') best.add('GOVERNANCE', after(created, Y7));
    }
  } else if (key.startsWith('mail/')) {
    best.add('GOVERNANCE', after(created, Y5));
    if (kind === 'k09') best.add('GOVERNANCE', after(created, Y7));
    if (key.startsWith('mail/final/')) {
      best.add('COMPLIANCE', after(endOf(created, 'quarter'), Y2));
      if (kind === 'k09' || kind === 'k34') best.add('COMPLIANCE', END_OF_2031);
    }
  }
}

function health({ key, created }: VersionFacts, kind: string | undefined, best: Strongest): void {
  if (key.startsWith('records/')) {
    best.add('GOVERNANCE', after(created, Y1));
    if (kind === 'k10') best.add('GOVERNANCE', after(created, Y4));
    if (key.startsWith('records/final/')) {
      best.add('COMPLIANCE', after(endOf(created, 'month'), Y3));
      if (kind === 'k10' || kind === 'k35') best.add('COMPLIANCE', END_OF_2032);
    }
  } else if (key.startsWith('imaging/')) {
    best.add('GOVERNANCE', after(created, Y2));
    if (kind === 'k11') best.add('GOVERNANCE', after(created, Y5));
    if (key.startsWith('imaging/final/')) {
      best.add('COMPLIANCE', after(endOf(created, 'quarter'), Y3));
      if (kind === 'k11' || kind === 'k36') best.add('GOVERNANCE', after(created, Y6));
    }
  } else if (key.startsWith('trials/')) {
    best.add('GOVERNANCE', after(created, Y3));
    if (kind === 'k12') best.add('GOVERNANCE', after(created, Y6));
    if (key.startsWith('trials/final/')) {
      best.add('COMPLIANCE', after(endOf(created, 'year'), Y3));
      if (kind === 'k12' || kind === 'k37') best.add('COMPLIANCE', END_OF_2032);
    }
  } else if (key.startsWith('consent/')) {
    best.add('GOVERNANCE', after(created, Y4));
    if (kind === 'k13') best.add('GOVERNANCE', after(created, Y7));
    if (key.startsWith('consent/final/')) {
      best.add('COMPLIANCE', after(endOf(created, 'month'), Y3));
      if (kind === 'k13' || kind === 'k38') best.add('GOVERNANCE', after(created, Y8));
    }
  } else if (key.startsWith('devices/')) {
    best.add('GOVERNANCE', after(created, Y5));
    if (kind === 'k14') best.add('GOVERNANCE', after(created, Y8));
    if (key.startsWith('devices/final/')) {
      best.add('COMPLIANCE', after(endOf(created, 'quarter'), Y3));
      if (kind === 'k14' || kind === 'k39') best.add('COMPLIANCE', END_OF_2032);
    }
  }
}

function media({ key, created }: VersionFacts, kind: string | undefined, best: Strongest): void {
  if (key.startsWith('masters/')) {
    best.add('GOVERNANCE', after(created, Y1));
    if (kind === 'k15') best.add('GOVERNANCE', after(created, Y5));
    if (key.startsWith('masters/final/')) {
      best.add('COMPLIANCE', after(endOf(created, 'month'), Y4));
      if (kind === 'k15' || kind === 'k40') best.add('COMPLIANCE', END_OF_2033);
    }
  } else if (key.startsWith('edits/')) {
    best.add('GOVERNANCE', after(created, Y2));
    if (kind === 'k16') best.add('GOVERNANCE', after(created, Y6));
    if (key.startsWith('edits/final/')) {
      best.add('COMPLIANCE', after(endOf(created, 'quarter'), Y4));
      if (kind === 'k16' || kind === 'k41') best.add('GOVERNANCE', after(created, Y7));
    }
  } else if (key.startsWith('licences/')) {
    best.add('GOVERNANCE', after(created, Y3));
    if (kind === 'k17') best.add('GOVERNANCE', after(created, Y7));
    if (key.startsWith('licences/final/')) {
      best.add('COMPLIANCE', after(endOf(created, 'year'), Y4));
      if (kind === 'k17' || kind === 'k42') best.add('COMPLIANCE', END_OF_2033);
    }
  } else if (key.startsWith('rushes/')) {
    best.add('GOVERNANCE', after(created, Y4));
    if (kind === 'k18') best.add('GOVERNANCE', after(created, Y8));
    if (key.startsWith('rushes/final/')) {
      best.add('COMPLIANCE', after(endOf(created, 'month'), Y4));
      if (kind === 'k18' || kind === 'k43') best.add('GOVERNANCE', after(created, Y9));
    }
  } else if (key.startsWith('captions/')) {
    best.add('GOVERNANCE', after(created, Y5));
    if (kind === 'k19') best.add('GOVERNANCE', after(created, Y9));
    if (key.startsWith('captions/final/')) {
      best.add('COMPLIANCE', after(endOf(created, 'quarter'), Y4));
      if (kind === 'k19' || kind === 'k44') best.add('COMPLIANCE', END_OF_2033);
    }
  }
}

function backup({ key, created }: VersionFacts, kind: string | undefined, best: Strongest): void {
  if (key.startsWith('daily/')) {
    best.add('GOVERNANCE', after(created, Y1));
    if (kind === 'k20') best.add('GOVERNANCE', after(created, Y6));
    if (key.startsWith('daily/final/')) {
      best.add('COMPLIANCE', after(endOf(created, 'month'), Y5));
      if (kind === 'k20' || kind === 'k45') best.add('COMPLIANCE', END_OF_2034);
    }
  } else if (key.startsWith('weekly/')) {
    best.add('GOVERNANCE', after(created, Y2));
    if (kind === 'k21') best.add('GOVERNANCE', after(created, Y7));
    if (key.startsWith('weekly/final/')) {
      best.add('COMPLIANCE', after(endOf(created, 'quarter'), Y5));
      if (kind === 'k21' || kind === 'k46') best.add('GOVERNANCE', after(created, Y8));
    }
  } else if (key.startsWith('monthly/')) {
    best.add('GOVERNANCE', after(created, Y3));
    if (kind === 'k22') best.add('GOVERNANCE', after(created, Y8));
    if (key.startsWith('monthly/final/')) {
      best.add('COMPLIANCE', after(endOf(created, 'year'), Y5));
      if (kind === 'k22' || kind === 'k47') best.add('COMPLIANCE', END_OF_2034);
    }
  } else if (key.startsWith('yearly/')) {
    best.add('GOVERNANCE', after(created, Y4));
    if (kind === 'k23') best.add('GOVERNANCE', after(created, Y9));
    if (key.startsWith('yearly/final/')) {
      best.add('COMPLIANCE', after(endOf(created, 'month'), Y5));
      if (kind === 'k23' || kind === 'k48') best.add('GOVERNANCE', after(created, Y10));
    }
  } else if (key.startsWith('logs/')) {
    best.add('GOVERNANCE', after(created, Y5));
    if (kind === 'k24') best.add('GOVERNANCE', after(created, Y10));
    if (key.startsWith('logs/final/')) {
      best.add('COMPLIANCE', after(endOf(created, 'quarter'), Y5));
      if (kind === 'k24' || kind === 'k49') best.add('COMPLIANCE', END_OF_2034);
    }
  }
}
