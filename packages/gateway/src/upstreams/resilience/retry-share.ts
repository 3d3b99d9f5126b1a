/**
 * Keeps tries again to a share of all requests, so that an outage does not multiply the load of a provider: each
 * request puts a part of a try into a jar, each try again takes a whole one out. The jar is full at the start, so a
 * quiet service may try again at once.
 */
export type RetryShare = {
  /** A request has come. */
  noteRequest(): void;
  /** Takes a try again. False: the share is used up. */
  take(): boolean;
};

/** Whole tries that the jar holds. */
const JAR_TRIES = 10;
const HUNDREDTHS = 100;

/** `sharePercent`: tries again per hundred requests. 0: never. */
export function createRetryShare(sharePercent: number): RetryShare {
  // Whole hundredths, so that nothing is lost in rounding.
  let jar = sharePercent === 0 ? 0 : JAR_TRIES * HUNDREDTHS;
  return {
    noteRequest() {
      jar = Math.min(JAR_TRIES * HUNDREDTHS, jar + sharePercent);
    },
    take() {
      if (jar < HUNDREDTHS) return false;
      jar -= HUNDREDTHS;
      return true;
    },
  };
}
