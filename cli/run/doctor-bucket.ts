/** Looks at one bucket, and at what a backup tool needs of it; loaded only when somebody asks for it. */
import { examineBucket } from '../../lib/app/examine-bucket.ts';
import { S3BucketSurvey } from '../../lib/aws/s3-bucket-survey.ts';
import { systemClock } from '../../lib/aws/system-clock.ts';
import { type Patient } from '../../lib/doctor/patient.ts';
import { requireFreePlace } from '../../lib/doctor/probe-place.ts';
import { toolNamed } from '../../lib/doctor/tools.ts';
import { HoldfastError } from '../../lib/errors.ts';
import { type Check } from '../../lib/probe/check.ts';
import { probeKeys } from '../../lib/probe/run.ts';
import { bucketOption } from '../bucket-options.ts';
import { clientOf, ownerOf } from '../control.ts';
import { type ConnectionOptions, endpointOf } from '../control-options.ts';
import { policyOption } from '../policy-file.ts';
import { isDenied, storeOn } from '../store-options.ts';

export interface BucketDoctorOptions extends ConnectionOptions {
  readonly bucket?: string;
  readonly for?: string;
  readonly policy?: string;
  readonly maximum?: string;
  readonly prefix?: string;
  readonly probe?: true;
}

/**
 * Whom the options mean; undefined where they name no bucket.
 *
 * @throws HoldfastError before any request for what cannot be looked at.
 */
export function patientOf(options: BucketDoctorOptions): Patient | undefined {
  const { bucket, for: tool, policy, maximum } = options;
  if (bucket === undefined) {
    const given = { '--for': tool, '--policy': policy, '--prefix': options.prefix };
    const [without] = Object.entries(given).flatMap(([option, value]) =>
      value === undefined ? [] : [option],
    );
    if (without === undefined) return undefined;
    throw new HoldfastError('bad-input', {
      what: `${without} is about a bucket`,
      next: 'name it with --bucket',
    });
  }
  if (options.prefix !== undefined && options.probe !== true) {
    throw new HoldfastError('bad-input', {
      what: '--prefix says where the probe may write',
      next: 'give --probe as well',
    });
  }
  const endpoint = endpointOf(options);
  return {
    bucket: bucketOption(bucket),
    now: systemClock.now(),
    isAmazon: endpoint === undefined,
    connection: connectionText(endpoint, options),
    ...(tool !== undefined && { tool: toolNamed(tool) }),
    ...(policy !== undefined && { policy: policyOption(policy, maximum) }),
  };
}

/** What a command must be given to reach the same store in the same way. */
function connectionText(
  endpoint: string | undefined,
  { region, provider, bucketOwner }: BucketDoctorOptions,
): string {
  const given = { endpoint, region, provider, 'bucket-owner': bucketOwner };
  return Object.entries(given)
    .flatMap(([option, value]) => (value === undefined ? [] : [` --${option} ${value}`]))
    .join('');
}

/** All that can be said of the bucket; nothing in it is changed. */
export async function bucketChecks(
  patient: Patient,
  options: BucketDoctorOptions,
): Promise<readonly Check[]> {
  const client = clientOf(options);
  try {
    const survey = new S3BucketSurvey(client, ownerOf(options));
    return await examineBucket(patient, { survey, isDenied, ...storeOn(client, options) });
  } finally {
    client.destroy();
  }
}

/**
 * Sees to it that the probe may write under a folder of the bucket.
 *
 * @returns whether a default rule, of a day at most, locks what is uploaded there.
 */
export async function requireFolder(
  folder: string,
  patient: Patient,
  options: BucketDoctorOptions,
): Promise<boolean> {
  const client = clientOf(options);
  try {
    const lock = await new S3BucketSurvey(client, ownerOf(options)).lock(patient.bucket);
    if (lock.kind === 'denied') {
      throw new HoldfastError('no-permission', {
        what: `whether ${patient.bucket} has a default rule may not be read`,
        next: `get the permission ${lock.action}, or leave --prefix out`,
      });
    }
    const setting = lock.kind === 'seen' ? lock.value : { enabled: false };
    requireFreePlace(
      probeKeys().map((key) => folder + key),
      setting,
      patient,
    );
    return setting.rule !== undefined;
  } finally {
    client.destroy();
  }
}
