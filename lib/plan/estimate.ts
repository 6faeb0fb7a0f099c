/** What a sample tells of the whole: an estimate, and the range in which the truth lies nineteen times in twenty. */

/** Some versions of one part of a listing, and how many of them have each property. */
export interface Cluster {
  /** Versions in the part. */
  readonly rows: number;
  /** Versions of it that were looked at. */
  readonly looked: number;
  /** How many of these have a property, by its name; in versions, or in bytes. */
  readonly found: ReadonlyMap<string, number>;
}

export interface Estimate {
  readonly low: number;
  readonly mid: number;
  readonly high: number;
}

/** Two standard deviations to each side. */
const WIDTH = 2;

/**
 * Estimates how many versions of the whole have a property.
 *
 * Parts differ from one another, and within a part only some versions were looked at: both add to the range. Where
 * every version of every part was looked at, the range has no width.
 *
 * @param total - versions of the whole, known or estimated.
 * @param parts - parts of the whole, looked into or not.
 */
export function estimate(clusters: readonly Cluster[], name: string, total: number, parts: number): Estimate {
  const looked = clusters.filter((cluster) => cluster.looked > 0);
  const rows = looked.reduce((sum, cluster) => sum + cluster.rows, 0);
  if (rows === 0) return { low: 0, mid: 0, high: 0 };
  const share = ({ looked: number, found }: Cluster): number => (found.get(name) ?? 0) / number;
  const mean = looked.reduce((sum, cluster) => sum + share(cluster) * cluster.rows, 0) / rows;
  const within = looked.reduce((sum, cluster) => {
    const left = 1 - cluster.looked / cluster.rows;
    // Where none or all of a few have it, the next may still differ: one is added to each side.
    const p = ((found) => (found + 1) / (cluster.looked + 2))(cluster.found.get(name) ?? 0);
    return sum + (cluster.rows / rows) ** 2 * left * ((p * (1 - p)) / cluster.looked);
  }, 0);
  const between = betweenParts(looked, share, mean, rows, parts);
  const width = WIDTH * Math.sqrt(within + between);
  const scaled = (value: number): number => Math.round(Math.min(1, Math.max(0, value)) * total);
  return { low: scaled(mean - width), mid: scaled(mean), high: scaled(mean + width) };
}

function betweenParts(
  clusters: readonly Cluster[],
  share: (cluster: Cluster) => number,
  mean: number,
  rows: number,
  parts: number,
): number {
  const count = clusters.length;
  if (count < 2) return 0;
  const average = rows / count;
  const squares = clusters.reduce((sum, cluster) => sum + (cluster.rows * (share(cluster) - mean)) ** 2, 0);
  return ((1 - count / Math.max(count, parts)) * squares) / (count - 1) / count / average ** 2;
}
