/**
 * Every bound of the node link, version 1. Both sides keep to them and check the other side against them, so they
 * are part of the protocol: a change of a size here needs a feature in HELLO/WELCOME or a new major version.
 */

const KIB = 1024;
const MIB = 1024 * KIB;

const RECORD_HEADER_BYTES = 16;
const MESSAGE_MAX_BYTES = 64 * KIB;
const MODELS_MAX = 200;
const MODEL_ENTRY_MAX_BYTES = 8 * KIB;

export const LINK_LIMITS = {
  recordHeaderBytes: RECORD_HEADER_BYTES,
  /** One WebSocket message with all its records. */
  messageMaxBytes: MESSAGE_MAX_BYTES,
  /** Body of one record: it must fit into a message of its own. */
  recordBodyMaxBytes: MESSAGE_MAX_BYTES - RECORD_HEADER_BYTES,
  /** What the WebSocket library lets through. A little more, so that the session can close with its own code. */
  socketMessageMaxBytes: 72 * KIB,
  /** DATA bodies that may be under way or unread, per stream and direction. */
  streamWindowBytes: 256 * KIB,
  /** The same for all streams of a connection together, per direction. */
  connectionWindowBytes: 4 * MIB,
  /** A writer hands no more to its socket while this much waits there. */
  socketBufferMaxBytes: 256 * KIB,
  /** Control records waiting for a socket that takes nothing. Beyond it the connection is given up. */
  controlQueueMaxBytes: 4 * MIB,
  /** Records that have left on a stream and are kept until the far side has them. More wait. */
  unackedMaxBytes: MIB,
  /** So many records, or bytes of their bodies, are acknowledged at once; less within `ackMs`. */
  ackRecords: 128,
  ackBytes: 128 * KIB,
  /** Streams in one ACK, RESUME or RESUMED, 8 bytes each. */
  streamSeqsMax: (MESSAGE_MAX_BYTES - RECORD_HEADER_BYTES) / 8,
  /** A job's request as JSON. */
  jobBodyMaxBytes: 20 * MIB,
  /** All DATA bodies of one answer together. */
  resultMaxBytes: 32 * MIB,
  /** Entries of a capability report. */
  modelsMax: MODELS_MAX,
  /** A whole capability report: it is the only control body that may be sliced over several records. */
  capabilitiesMaxBytes: MODELS_MAX * MODEL_ENTRY_MAX_BYTES + MODEL_ENTRY_MAX_BYTES,
  /** Aliases, names of models, ids and names of tool calls. */
  nameMaxChars: 256,
  /** Short words: versions, kinds, features, quantisation. */
  wordMaxChars: 64,
  featuresMax: 32,
  recipesMax: 50,
  slotsMax: 4096,
  /** Also the bound of every other number of tokens on the link. */
  tokensMax: 1_000_000_000,
  toolCallsMax: 128,
  /** UTF-16 units of text in one part. JSON needs at most 6 bytes for each, so a part always fits into one record. */
  partTextMaxChars: 10_000,
} as const;

/** Times of the link in milliseconds. They bound waiting, so their exactness does not matter: one coarse tick serves all. */
export const LINK_TIMES = {
  /** From the open socket to HELLO. */
  helloMs: 5_000,
  pingIdleMs: 10_000,
  deadIdleMs: 25_000,
  /** While jobs run. */
  pingBusyMs: 5_000,
  deadBusyMs: 15_000,
  /** Silence after which a node gives the connection up. */
  nodeGivesUpMs: 30_000,
  /** The same while jobs run that can go on over another connection: before the gateway gives the node up. */
  nodeGivesUpBusyMs: 12_000,
  /** How long a gateway holds the answers of a node that lost its connection. */
  resumeMs: 10_000,
  /** The same for jobs without a first part: another node could start them anew. */
  resumeUnbegunMs: 2_000,
  /** How long a node works on without a connection. The gateway may notice the loss later than the node. */
  nodeHoldsMs: 15_000,
  /** Longest wait for an acknowledgement of what was received. */
  ackMs: 1_000,
  /** A node says at least this often that it is well. */
  statusMs: 10_000,
  /** A node sends capability reports no closer together than this. */
  capabilitiesMinMs: 1_000,
  /** From OFFER to ACCEPT or REJECT. */
  acceptMs: 2_000,
  /** From CANCEL to CANCELLED in good order. */
  cancelMs: 2_000,
  /** From CANCEL until an unanswered job's slot counts as free again. */
  cancelStuckMs: 30_000,
  /** Between two signs of life of a running job. */
  stallMs: 20_000,
  firstPartMinMs: 15_000,
  firstPartMaxMs: 120_000,
} as const;
