/** Takes an inventory of a bucket of the local cloud, into a bucket that is made for it. */
import { CreateBucketCommand, HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { type InventoryOptions, writeInventory, type WrittenInventory } from './inventory/index.ts';

/** Nobody manages this bucket. */
export const INVENTORY_BUCKET = 'inventory';

/** What may be asked for; all of it has a default. */
export type InventoryRequest = Partial<Omit<InventoryOptions, 'source' | 'destination' | 'bucket'>>;

interface Endpoint {
  readonly url: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export async function takeInventory(
  bucket: string,
  request: InventoryRequest,
  places: { readonly source: Endpoint; readonly destination: Endpoint },
): Promise<WrittenInventory> {
  const source = clientOf(places.source);
  const destination = clientOf(places.destination);
  const destinationBucket = request.destinationBucket ?? INVENTORY_BUCKET;
  try {
    await makeBucket(destination, destinationBucket);
    return await writeInventory({
      now: Date.now(),
      ...request,
      source,
      destination,
      bucket,
      destinationBucket,
    });
  } finally {
    source.destroy();
    destination.destroy();
  }
}

async function makeBucket(client: S3Client, Bucket: string): Promise<void> {
  try {
    await client.send(new HeadBucketCommand({ Bucket }));
  } catch {
    await client.send(new CreateBucketCommand({ Bucket }));
  }
}

const clientOf = ({ url, region, credentials }: Endpoint): S3Client =>
  new S3Client({ endpoint: url, region, credentials, forcePathStyle: true });
