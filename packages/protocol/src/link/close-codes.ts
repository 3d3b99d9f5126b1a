/** Why a link was closed. The numbers are WebSocket close codes of the private range, near their HTTP cousins. */
export const CLOSE_CODES = {
  /** The peer broke the protocol. */
  protocol: 4400,
  /** The token is wrong or was revoked. A node stops. */
  unauthorized: 4401,
  /** The node is suspended. It waits until it is let in again, and tells its owner. */
  suspended: 4403,
  /** The peer was silent for too long. */
  silent: 4408,
  /** A newer connection of the same node took over. */
  replaced: 4409,
  /** A message, record, body or window was exceeded. */
  tooBig: 4413,
  /** The node's program is too old. A node stops. */
  upgradeNeeded: 4426,
  /** Too many records, connections or tries. */
  tooMany: 4429,
  /** The gateway shuts down; GOAWAY said when to come back. */
  draining: 4503,
} as const;

export type CloseCode = (typeof CLOSE_CODES)[keyof typeof CLOSE_CODES];

/** The WebSocket subprotocol. Its number is the major version of the link. */
export const LINK_SUBPROTOCOL = 'switchyard.node.v1';

/** Where a gateway takes node connections. */
export const LINK_PATH = '/node/v1';

/** Header of a refused upgrade: why, in words for the owner of the node. Printable ASCII. */
export const REFUSAL_REASON_HEADER = 'switchyard-reason';
