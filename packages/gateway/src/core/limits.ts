/** Every fixed bound of the gateway in one place. What an operator may change stands in the configuration instead. */

const KIB = 1024;
const MIB = 1024 * KIB;

export const LIMITS = {
  /** Request line and headers together, before any parsing. */
  headerMaxBytes: 16 * KIB,
  /** Time to receive the complete headers. */
  headersTimeoutMs: 10_000,
  /** Time to receive the complete body. */
  requestTimeoutMs: 60_000,
  keepAliveTimeoutMs: 72_000,
  /** Nesting of objects and arrays in a JSON body. */
  jsonDepthMax: 64,
  messagesMax: 2_000,
  /** Of the responses dialect, where each call, each output and each reasoning is an item of its own. */
  inputItemsMax: 8_000,
  partsPerMessageMax: 500,
  /** Items of one answer in the responses dialect, with their parts. Each costs far more memory than its text may. */
  outputItemsMax: 1_000,
  /** Tools that a model is offered at once. */
  toolsMax: 256,
  /** Tools that a request lists, those included that are not offered yet. */
  toolsListedMax: 10_000,
  stopStringsMax: 16,
  stopStringMaxChars: 256,
  imagesPerRequestMax: 20,
  logitBiasMax: 1_024,
  /** Decoded size of one inline picture. */
  imageMaxBytes: 10 * MIB,
  deploymentsPerAccountMax: 100,
  /** A field such as `model` or a tool's name. */
  nameMaxChars: 256,
  /** Bytes that may wait for one slow client before its source is paused. */
  clientBufferMaxBytes: 256 * KIB,
  /** A client that takes nothing for this long is cut. */
  clientStallMs: 30_000,
  /** A line of an upstream's event stream. */
  upstreamEventMaxBytes: 1 * MIB,
  /** A whole non-streamed reply of an upstream or of a node, assembled in memory. */
  replyMaxBytes: 32 * MIB,
  /** Time after which response headers are committed even though no part has come. */
  headersCommitMs: 10_000,
  /** Silence on a client's stream after which a keepalive is written. */
  keepaliveMs: 10_000,
  /** Longest wait that a client is told: some really wait for as long as they are told. */
  retryAfterMaxMs: 60_000,
  /** Failed look-ups of keys per address and minute before 429. */
  badKeysPerMinuteMax: 120,
} as const;
