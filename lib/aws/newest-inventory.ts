/** Finds the newest whole report of an inventory configuration. */
import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { HoldfastError } from '../errors.ts';

const PLACE = /^s3:\/\/([^/]+)\/(.+?)\/?$/;
const DATED = /\/\d{4}-\d{2}-\d{2}T\d{2}-\d{2}Z\/$/;

/**
 * @param place - `s3://bucket/prefix`, below which the dated folders of a configuration lie.
 * @returns where its manifest is; undefined where there is no whole report yet.
 * @throws HoldfastError `bad-input` for what is no such place.
 */
export async function newestInventory(
  client: S3Client,
  place: string,
): Promise<{ bucket: string; key: string } | undefined> {
  const [, bucket, prefix] = PLACE.exec(place) ?? [];
  if (bucket === undefined || prefix === undefined) {
    throw new HoldfastError('bad-input', {
      what: `${JSON.stringify(place)} is no place of inventories`,
      next: 'write it as s3://bucket/prefix/source-bucket/configuration-id',
    });
  }
  const folders: string[] = [];
  let next: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: `${prefix}/`,
        Delimiter: '/',
        ...(next !== undefined && { ContinuationToken: next }),
      }),
    );
    for (const { Prefix } of page.CommonPrefixes ?? [])
      if (Prefix !== undefined && DATED.test(Prefix)) folders.push(Prefix);
    next = page.NextContinuationToken;
  } while (next !== undefined);
  // S3 writes the checksum last: a folder without it is not whole yet.
  for (const folder of folders.sort().reverse()) {
    const { Contents } = await client.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: `${folder}manifest.checksum` }),
    );
    if ((Contents ?? []).length > 0) return { bucket, key: `${folder}manifest.json` };
  }
  return undefined;
}
