/** Sends a message back to the queue it came from, to be delivered again later. */
export interface DelayQueue {
  /**
   * @param seconds - 0 to 900, the longest that SQS can wait.
   * @param waits - how often the message has been sent back, this time included.
   */
  sendLater(body: string, seconds: number, waits: number): Promise<void>;
}
