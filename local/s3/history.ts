import type { Version } from './version.ts';

/** The versions of one key, oldest to newest. */
export class History {
  readonly #byId = new Map<string, Version>();
  #current: Version | undefined;

  /** The newest version, a marker perhaps. */
  get current(): Version | undefined {
    return this.#current;
  }

  /** How many versions there are. */
  get size(): number {
    return this.#byId.size;
  }

  /** The version of that id. */
  get(versionId: string): Version | undefined {
    return this.#byId.get(versionId);
  }

  /** Makes a version the newest; one of the same id, the null id, gives way to it. */
  put(version: Version): void {
    this.#byId.delete(version.versionId);
    this.#byId.set(version.versionId, version);
    this.#current = version;
  }

  /** Takes a version away for good. */
  delete(versionId: string): void {
    const wasCurrent = this.#current?.versionId === versionId;
    this.#byId.delete(versionId);
    if (wasCurrent) this.#current = [...this.#byId.values()].at(-1);
  }

  /** All versions, newest first. */
  newestFirst(): readonly Version[] {
    return [...this.#byId.values()].reverse();
  }
}
