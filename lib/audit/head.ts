/** What is known of a writer's chain: its last number, and the SHA-256 of its last line (or how that begins). */
export interface Head {
  readonly writer: string;
  readonly seq: number;
  readonly hash: string;
}
