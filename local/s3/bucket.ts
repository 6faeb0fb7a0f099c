import type { DefaultRetention } from './lock.ts';
import { History } from './history.ts';
import { OrderedKeys } from './key-order.ts';
import type { BucketPolicy } from './bucket-policy.ts';
import type { NotificationConfiguration } from './types.ts';
import type { Upload } from './upload.ts';
import type { Version } from './version.ts';

/** Whether a bucket keeps old versions; once on it can only be suspended. */
export type Versioning = 'Unversioned' | 'Enabled' | 'Suspended';

/** A bucket: its configuration, the versions in it and the uploads under way. */
export class Bucket {
  readonly name: string;
  readonly region: string;
  readonly created: number;
  versioning: Versioning = 'Unversioned';
  /** Whether versions are deleted only with a device in hand. */
  mfaDelete = false;
  policy: BucketPolicy | undefined;
  /** Present when Object Lock is on; it cannot be turned off again. */
  objectLock: { readonly defaultRetention?: DefaultRetention | undefined } | undefined;
  notification: NotificationConfiguration = { targets: [], eventBridge: false };
  readonly uploads = new Map<string, Upload>();
  /** Configurations that are only kept, by their kind and id. */
  readonly documents = new Map<string, string>();
  readonly #histories = new Map<string, History>();
  readonly #keys = new OrderedKeys((key) => this.#histories.has(key));

  constructor(name: string, region: string, created: number) {
    this.name = name;
    this.region = region;
    this.created = created;
  }

  /** Whether nothing is in it, not even a marker. */
  get isEmpty(): boolean {
    return this.#histories.size === 0;
  }

  /** The keys in UTF-8 order. */
  keys(): readonly string[] {
    return this.#keys.list();
  }

  /** The versions of a key. */
  history(key: string): History | undefined {
    return this.#histories.get(key);
  }

  /** The newest version of a key. */
  current(key: string): Version | undefined {
    return this.#histories.get(key)?.current;
  }

  /** Adds a version as the newest of its key. */
  put(version: Version): void {
    let history = this.#histories.get(version.key);
    if (!history) {
      history = new History();
      this.#histories.set(version.key, history);
      this.#keys.add(version.key);
    }
    history.put(version);
  }

  /** Removes a version for good; whoever calls has asked the lock first. */
  remove(version: Version): void {
    const history = this.#histories.get(version.key);
    if (!history) return;
    history.delete(version.versionId);
    if (history.size === 0) {
      this.#histories.delete(version.key);
      this.#keys.remove();
    }
    // A completion that asks for "no such key" must learn that the key went away under it.
    for (const upload of this.uploads.values()) if (upload.key === version.key) upload.keyDeleted = true;
  }
}
