/** Works on many versions at once, and leaves none behind where one fails. */
const AT_ONCE = 32;

/**
 * @returns the results in the order of the items.
 * @throws the first failure, after all that was begun has ended.
 */
export async function atOnce<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
  most = AT_ONCE,
): Promise<R[]> {
  const results: R[] = [];
  const failures: unknown[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    // All workers draw on one iterator, so each item is drawn once.
    for (const [at, item] of queue) {
      try {
        results[at] = await work(item);
      } catch (cause) {
        failures.push(cause);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
  return results;
}
