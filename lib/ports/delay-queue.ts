/** Sends a message back to the queue it came from, to be delivered again later. */
export interface DelayQueue {
  /** @param seconds - 0 to 900, the longest that SQS can wait. */
  sendLater(body: string, seconds: number): Promise<void>;
}
