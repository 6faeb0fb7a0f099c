/** What must be said of a version before it is listed among the others: why, what it means, and what to do. */
import { type CertificateRow, type Numbered } from './row.ts';
import { momentOf } from './words.ts';

/** The parts of the section on exceptions, in their order. */
export type Part = 'not-held' | 'release' | 'on-before' | 'unclear' | 'nothing';

interface Finding {
  readonly part: Part;
  readonly title: string;
  /** One plain sentence. */
  readonly meaning: string;
  readonly next?: string;
  readonly applies: (row: CertificateRow) => boolean;
}

export interface Found extends Finding {
  readonly rows: Numbered[];
}

/** Of these, the first that applies counts. */
const OF_PLACING: readonly Finding[] = [
  {
    part: 'not-held',
    title: 'The bucket has no Object Lock',
    meaning: 'S3 can hold versions only in a bucket with Object Lock, and this one has none.',
    next: 'Turn Object Lock on for the bucket, then have the matter place its holds again.',
    applies: ({ outcome }) => outcome === 'no-lock-on-bucket',
  },
  {
    part: 'not-held',
    title: 'No permission',
    meaning: 'S3 refused to place the hold, or to show it, since Holdfast lacks the permission.',
    next: 'Allow Holdfast s3:PutObjectLegalHold and s3:GetObjectLegalHold there, look for a policy that denies them, then have the matter place its holds again.',
    applies: ({ outcome }) => outcome === 'no-permission',
  },
  {
    part: 'not-held',
    title: 'Not seen ON afterwards',
    meaning: 'The hold was asked for, but S3 did not show it as ON when it was read back.',
    next: 'Ask S3 for its present state (section 6); where it is not ON, look in CloudTrail for who took it off.',
    applies: ({ outcome }) => outcome === 'not-confirmed',
  },
  {
    part: 'not-held',
    title: 'Refused by S3',
    meaning: 'S3 refused the hold for a reason of its own, which is shown with the version.',
    next: 'Remove the reason, then have the matter place its holds again.',
    applies: ({ outcome }) => outcome === 'rejected',
  },
  {
    part: 'not-held',
    title: 'No answer',
    meaning: 'S3 gave no answer that tells whether the hold was placed, so it may be ON or not.',
    next: 'Ask S3 for its present state (section 6); where it is not ON, have the matter place its holds again.',
    applies: ({ outcome }) => outcome === 'no-verdict',
  },
  {
    part: 'nothing',
    title: 'Gone',
    meaning: 'The version no longer existed when its hold was to be placed.',
    next: 'Look in CloudTrail or the access logs of the bucket for who deleted it, and when; copies elsewhere may exist.',
    applies: ({ outcome }) => outcome === 'gone',
  },
  {
    part: 'nothing',
    title: 'Delete markers',
    meaning: 'A delete marker has no content: it hides the versions below it, which have lines of their own.',
    applies: ({ outcome }) => outcome === 'marker',
  },
  {
    part: 'unclear',
    title: 'Seen ON, but not after an older release had settled',
    meaning:
      'It was seen ON while a request of an earlier release could still take the hold off, and was not looked at since.',
    next: 'Ask S3 for its present state (section 6).',
    applies: isUnsettled,
  },
  {
    part: 'unclear',
    title: 'Taken off by somebody, and set again',
    meaning:
      'It was ON, was later found not ON, and was set again: in between, a retention date or nothing kept it.',
    next: 'Look in CloudTrail for who took the hold off, and take s3:PutObjectLegalHold from whoever does not need it.',
    applies: ({ setAgain }) => setAgain?.by === 'somebody',
  },
  {
    part: 'unclear',
    title: 'Taken off by an older release, and set again',
    meaning:
      'A late request of an older release took the hold off, and it was set again: in between, a retention date or nothing kept it.',
    applies: ({ setAgain }) => setAgain?.by === 'us',
  },
  {
    part: 'on-before',
    title: 'ON before',
    meaning:
      'The hold was there before this matter, for a reason that Holdfast does not know: its release leaves it in place.',
    applies: ({ saw }) => saw === 'on',
  },
  {
    part: 'unclear',
    title: 'Not known whether it was ON before',
    meaning:
      'It was seen ON, but nobody can tell whether it had been ON already: a release leaves it in place.',
    applies: ({ saw }) => saw === 'unclear',
  },
];

const OF_RELEASE: readonly Finding[] = [
  {
    part: 'release',
    title: 'Could not be taken off',
    meaning: 'The hold should have been taken off, and that failed or was not confirmed: it may still be ON.',
    next: 'Ask S3 for its present state (section 6); what S3 said is shown with the version.',
    applies: ({ released }) =>
      released !== undefined &&
      ['no-permission', 'rejected', 'not-confirmed', 'no-verdict'].includes(released.outcome),
  },
  {
    part: 'release',
    title: 'Gone at the release',
    meaning:
      'The version no longer existed when its release was finished: it was deleted after its hold had been taken off, by this release or by somebody else.',
    next: 'The records and CloudTrail tell when its hold was taken off, and who deleted it.',
    applies: ({ released }) => released?.outcome === 'gone',
  },
  {
    part: 'release',
    title: 'Not finished',
    meaning: 'The release was approved, but how it ended for this version is not on the roll.',
    next: 'Ask S3 for its present state (section 6), or issue the certificate again when the release is over.',
    applies: ({ outcome, released }) => released === undefined && outcome === 'on',
  },
  {
    part: 'release',
    title: 'Still ON, needed elsewhere',
    meaning: 'The hold stays, since another matter, an event or a rule needs it.',
    applies: ({ released }) => released?.outcome === 'needed',
  },
  {
    part: 'release',
    title: 'Still ON, not placed by Holdfast',
    meaning: 'The hold stays, since it was there before, or since nobody can tell whether it was.',
    applies: ({ released }) => released?.outcome === 'found-on' || released?.outcome === 'unclear',
  },
];

/** Sorts rows by what must be said of them; a row may be found once for its placing and once for its release. */
export function findingsOf(rows: Iterable<Numbered>, isReleased: boolean): readonly Found[] {
  const placing = OF_PLACING.map((finding): Found => ({ ...finding, rows: [] }));
  const release = (isReleased ? OF_RELEASE : []).map((finding): Found => ({ ...finding, rows: [] }));
  for (const numbered of rows) {
    for (const found of [placing, release]) {
      found.find(({ applies }) => applies(numbered.row))?.rows.push(numbered);
    }
  }
  return [...placing, ...release].filter(({ rows: { length } }) => length > 0);
}

/** It was seen ON before the moment from which on that counts. */
function isUnsettled({ at, settles }: CertificateRow): boolean {
  if (settles === undefined) return false;
  const [seen, counts] = [momentOf(at), momentOf(settles)];
  return seen === undefined || counts === undefined || seen < counts;
}
