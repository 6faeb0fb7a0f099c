/** What the objects themselves show of a backup tool: whether its newest is locked, and whether its oldest still is. */
import { change, writeOf } from '../lock/change.ts';
import { DAY, formatInstant, type Instant } from '../lock/instant.ts';
import { activeRetention, type LockState, type Mode, UNLOCKED } from '../lock/state.ts';
import { decide } from '../policy/decide.ts';
import { type VersionFacts } from '../policy/facts.ts';
import { type Check } from '../probe/check.ts';
import { changing, type Patient } from './patient.ts';
import { bad, good, skipped, warn } from './row.ts';
import { type Tool } from './tools.ts';

/** A version that is there, with its lock as far as it could be seen. */
export interface Sample {
  readonly key: string;
  readonly created: Instant;
  readonly size: number | 'unknown';
  readonly lock: LockState;
}

export interface Samples {
  /** The newest version that the tool wants locked. */
  readonly newest?: Sample;
  /** The oldest of those that later backups go on using. */
  readonly oldest?: Sample;
  /** Why neither is known: there is more than was looked through, or it may not be listed, or not be read. */
  readonly unknown?: 'too-many' | 'denied' | 'unread';
}

type Doctored = Patient & { readonly tool: Tool };

/** A lock that ends sooner is about to leave what backups still need. */
const SOON = 7 * DAY;

export function toolChecks(samples: Samples, patient: Doctored): readonly Check[] {
  const { tool } = patient;
  return [
    newestCheck(samples, patient),
    ...(tool.lasting.length === 0 ? [] : [oldestCheck(samples, patient)]),
    ...(patient.policy === undefined ? [] : [rulesCheck(samples, patient)]),
    ...(tool.notShown.length === 0 ? [] : [settingsCheck(tool)]),
  ];
}

/** A stored mode stays, whatever is asked for: what extends it names it. */
const modeOf = ({ lock }: Sample): Mode =>
  lock.retention.state === 'locked' ? lock.retention.mode : 'GOVERNANCE';

const settingsCheck = ({ name, notShown }: Tool): Check =>
  skipped(
    { id: `${name}-settings`, expected: `${name} is set up for it` },
    `the bucket cannot show it: ${notShown.join('; ')}`,
  );

const EMPTY = 'nothing of it is there, at the top of the bucket at least: run a backup, and doctor again';

/** A lock that was not seen is no lock that is missing, and nothing follows from it. */
const UNSEEN = 'it needs s3:GetObjectRetention';

function whyUnknown(unknown: NonNullable<Samples['unknown']>, bucket: string): string {
  switch (unknown) {
    case 'too-many':
      return `more lies there than is looked through: see holdfast ls s3://${bucket}/PREFIX`;
    case 'denied':
      return 'it needs s3:ListBucketVersions';
    case 'unread':
      return 'it needs s3:GetObject and s3:GetObjectVersion';
  }
}

function newestCheck({ newest, unknown }: Samples, { tool, bucket, now }: Doctored): Check {
  const about = { id: 'newest-locked', expected: `what ${tool.name} uploads is locked` };
  if (unknown !== undefined) return skipped(about, whyUnknown(unknown, bucket));
  if (newest === undefined) return skipped(about, EMPTY);
  const { key, lock } = newest;
  const name = JSON.stringify(key);
  const retention = activeRetention(lock.retention, now);
  switch (retention.state) {
    case 'absent':
      return skipped(about, UNSEEN);
    case 'none':
      return lock.hold === 'on'
        ? warn(about, `${name} is held, and has no date: the hold never ends by itself`, mendOf(tool))
        : bad(about, `${name} has no lock that is in force`, mendOf(tool));
    case 'locked': {
      const seen = `${name}: ${retention.mode} until ${formatInstant(retention.until)}`;
      if (lock.hold === 'on')
        return warn(
          about,
          `${seen}, and a legal hold, which never ends by itself`,
          'take the hold header out of the tool',
        );
      if (tool.mode !== undefined && retention.mode !== tool.mode)
        return warn(about, `${seen}; its guide knows ${tool.mode} alone`);
      return good(about, seen);
    }
  }
}

function oldestCheck({ oldest, unknown }: Samples, patient: Doctored): Check {
  const { tool, bucket, now } = patient;
  const about = { id: 'oldest-locked', expected: 'what later backups still use is locked as well' };
  if (unknown !== undefined) return skipped(about, whyUnknown(unknown, bucket));
  if (oldest === undefined) return skipped(about, EMPTY);
  const retention = activeRetention(oldest.lock.retention, now);
  const name = JSON.stringify(oldest.key);
  const mend =
    tool.extend ??
    changing(
      patient,
      `lock s3://${bucket}/${tool.lasting[0] ?? ''} --recursive --latest --mode ${modeOf(oldest)} --for P44D`,
    );
  switch (retention.state) {
    case 'absent':
      return skipped(about, UNSEEN);
    case 'none':
      return oldest.lock.hold === 'on'
        ? warn(about, `${name} is held, and has no date`, mend)
        : bad(about, `${name} has no lock any more`, mend);
    case 'locked': {
      const seen = `${name}: until ${formatInstant(retention.until)}`;
      return retention.until - now < SOON ? warn(about, `${seen}, which is soon`, mend) : good(about, seen);
    }
  }
}

const mendOf = ({ locks, name }: Tool): string =>
  locks === 'the tool'
    ? `switch the locks of ${name} on (docs/guides/${name}.md)`
    : `set a default rule: holdfast bucket default (docs/guides/${name}.md)`;

/** Plays the rules over what is there: who locks twice, or longer than the tool expects, breaks it. */
function rulesCheck({ newest, unknown }: Samples, patient: Doctored): Check {
  const { tool } = patient;
  const about = { id: 'rules-fit', expected: `the rules leave ${tool.name} to its work` };
  const caught = tool.shortLived.filter((key) => wishesFor(sampleOf(key, patient.now), patient).length > 0);
  if (caught.length > 0) {
    return warn(
      about,
      `they lock ${caught.map((key) => JSON.stringify(key)).join(', ')}, which ${tool.name} deletes within minutes`,
      `leave it out with except (docs/guides/${tool.name}.md)`,
    );
  }
  if (tool.locks === 'nobody') return good(about, 'they do');
  if (unknown !== undefined) return skipped(about, whyUnknown(unknown, patient.bucket));
  if (newest === undefined) return skipped(about, EMPTY);
  if (newest.lock.retention.state === 'absent') return skipped(about, UNSEEN);
  // A lock like that of the newest, on a key of each kind that the tool locks.
  const alike = [newest, ...tool.lasting.map((prefix) => ({ ...newest, key: `${prefix}0123456789abcdef` }))];
  const longer = alike.find((sample) =>
    wishesFor(sample, patient).some((wish) => writeOf(change(sample.lock, wish, patient.now)) !== undefined),
  );
  if (longer === undefined) return good(about, 'they write nothing over its locks');
  const name = JSON.stringify(longer.key);
  const mend = 'make the rule a net: the same mode, and shorter than the lock that is there already';
  return tool.locks === 'the tool' && tool.extend !== undefined
    ? bad(
        about,
        `they lock ${name} for longer, and ${tool.name} fails where it cannot extend its own lock`,
        mend,
      )
    : warn(about, `they extend the lock of ${name}: a write for every upload`, mend);
}

function wishesFor(sample: Sample, { bucket, policy, now }: Doctored): ReturnType<typeof decide>['wishes'] {
  if (policy === undefined) return [];
  const facts: VersionFacts = { ...sample, bucket, tags: new Map(), current: true };
  return decide(policy, facts, now).wishes;
}

const sampleOf = (key: string, now: Instant): Sample => ({
  key,
  created: now,
  size: 'unknown',
  lock: UNLOCKED,
});
