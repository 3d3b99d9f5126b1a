import {
  checkFailure,
  checkJson,
  fieldsOf,
  listOf,
  oneOf,
  optional,
  wholeNumberOf,
  wordOf,
} from './check.ts';
import type { Checked, Fields } from './check.ts';
import { LINK_LIMITS } from './limits.ts';
import type { StreamSeq } from './replay.ts';

export type {
  Capabilities,
  CapabilityModel,
  ImageCapability,
  ModelSpeed,
  NodePolicy,
  NodeStatusReport,
} from './capabilities.ts';

/**
 * The JSON bodies of control records, each with a hand-written check. A `parse…` function takes any bytes and gives
 * back either exactly the fields of its type or the path of the first one that is wrong. ACCEPT, ALIVE, CANCEL,
 * CANCELLED and the FINISH of a chat job have no body: what stands there is ignored, so that later versions can add
 * to them.
 */

/** First record of a node. `features` names the optional parts of the protocol that it knows: `resume1`. */
export type Hello = {
  /** Made anew at every start of the program, so that a restart can be told from a reconnect. */
  instanceId: string;
  agentVersion: string;
  features: string[];
  /** The session whose streams the node still has. RESUME follows. */
  resumeSessionId?: string;
};

/** The gateway's answer. `features` are those of HELLO that both know. */
export type Welcome = {
  /** The one that the node asked for: it goes on, and RESUMED follows. Any other: a new one. */
  sessionId: string;
  /** Counts the sessions of this gateway: of two sessions of a node the higher one is alive. */
  epoch: number;
  heartbeatMs: number;
  serverTimeMs: number;
  features: string[];
  /** The newest version of the node's program that the gateway knows. */
  newestAgent?: string;
};

/** What the node's owner may want to see. Amounts are whole µ$. */
export type Notice = {
  /** Of the node: `pendingMicros` can still be taken back, `payableMicros` cannot. */
  earnings?: { pendingMicros: number; payableMicros: number };
  /** The node gets fewer jobs than usual: why and until when, in words. */
  reduced?: string;
};

/** Opens a stream. `bodyBytes` of ChatRequest or ImageRequest as JSON follow as DATA, sliced anywhere. */
export type Offer = {
  /** Absent, as in offers of before 2026-11-21: chat. Image jobs are offered to nodes that have recipes only. */
  kind?: JobKind;
  /** Random per attempt. Nothing on the link names who asked. */
  jobId: string;
  /** An alias, or the recipe of an image job. */
  model: string;
  /** The job is cancelled after this time. */
  deadlineMs: number;
  estimatedInputTokens: number;
  bodyBytes: number;
};

export const JOB_KINDS = ['chat', 'image'] as const;
export type JobKind = (typeof JOB_KINDS)[number];

export const REJECT_REASONS = [
  'busy',
  'paused',
  'local_use',
  'context',
  'unloaded',
  'unsupported',
  'policy',
] as const;
export type RejectReason = (typeof REJECT_REASONS)[number];
export type Reject = { reason: RejectReason };

export const FAIL_CODES = [
  'context_length_exceeded',
  'invalid_request',
  'unsupported',
  'overloaded',
  'engine_unreachable',
  'engine_failed',
  'timeout',
] as const;
export type FailCode = (typeof FAIL_CODES)[number];
/** Only a code: words of a node would have to be shown to somebody or thrown away. */
export type Fail = { code: FailCode };

/** How long the sender waits for the running jobs. From a gateway also when to come back. */
export type Drain = { graceMs: number; retryAfterMs?: number };

/** `minAgentVersion`: the oldest connector that the gateway takes, with the close code 4426. */
/** `because`: for the node's owner, in words. */
export type GoAway = {
  closeCode: number;
  retryAfterMs?: number;
  minAgentVersion?: string;
  because?: string;
};

const BECAUSE_MAX_CHARS = 1_000;

const DAY_MS = 86_400_000;

export function parseHello(body: Uint8Array): Checked<Hello> {
  return checkJson(body, (value) => {
    const fields = fieldsOf(value, 'hello');
    const resumeSessionId = optional(fields['resumeSessionId'], (given) =>
      wordOf(given, 'resumeSessionId', LINK_LIMITS.wordMaxChars),
    );
    return {
      instanceId: wordOf(fields['instanceId'], 'instanceId', LINK_LIMITS.wordMaxChars),
      agentVersion: wordOf(fields['agentVersion'], 'agentVersion', LINK_LIMITS.wordMaxChars),
      features: readFeatures(fields['features']),
      ...(resumeSessionId !== undefined && { resumeSessionId }),
    };
  });
}

export function parseWelcome(body: Uint8Array): Checked<Welcome> {
  return checkJson(body, (value) => {
    const fields = fieldsOf(value, 'welcome');
    const newestAgent = optional(fields['newestAgent'], (given) =>
      wordOf(given, 'newestAgent', LINK_LIMITS.wordMaxChars),
    );
    return {
      sessionId: wordOf(fields['sessionId'], 'sessionId', LINK_LIMITS.wordMaxChars),
      epoch: wholeNumberOf(fields['epoch'], 'epoch', Number.MAX_SAFE_INTEGER),
      heartbeatMs: wholeNumberOf(fields['heartbeatMs'], 'heartbeatMs', DAY_MS),
      serverTimeMs: wholeNumberOf(fields['serverTimeMs'], 'serverTimeMs', Number.MAX_SAFE_INTEGER),
      features: readFeatures(fields['features']),
      ...(newestAgent !== undefined && { newestAgent }),
    };
  });
}

export function parseNotice(body: Uint8Array): Checked<Notice> {
  return checkJson(body, (value) => {
    const notice = fieldsOf(value, 'notice');
    const reduced = optional(notice['reduced'], (given) => wordOf(given, 'reduced', BECAUSE_MAX_CHARS));
    const earnings = optional(notice['earnings'], (given) => {
      const fields = fieldsOf(given, 'earnings');
      const amount = (name: string): number =>
        wholeNumberOf(fields[name], `earnings.${name}`, Number.MAX_SAFE_INTEGER);
      return { pendingMicros: amount('pendingMicros'), payableMicros: amount('payableMicros') };
    });
    return {
      ...(earnings !== undefined && { earnings }),
      ...(reduced !== undefined && { reduced }),
    };
  });
}

export function parseOffer(body: Uint8Array): Checked<Offer> {
  return checkJson(body, (value) => {
    const fields = fieldsOf(value, 'offer');
    const kind = optional(fields['kind'], (given) => oneOf(given, 'kind', JOB_KINDS));
    return {
      ...(kind !== undefined && { kind }),
      jobId: wordOf(fields['jobId'], 'jobId', LINK_LIMITS.wordMaxChars),
      model: wordOf(fields['model'], 'model', LINK_LIMITS.nameMaxChars),
      deadlineMs: wholeNumberOf(fields['deadlineMs'], 'deadlineMs', DAY_MS),
      estimatedInputTokens: wholeNumberOf(
        fields['estimatedInputTokens'],
        'estimatedInputTokens',
        LINK_LIMITS.tokensMax,
      ),
      bodyBytes: positiveBytes(fields['bodyBytes']),
    };
  });
}

export function parseReject(body: Uint8Array): Checked<Reject> {
  return checkJson(body, (value) => ({
    reason: oneOf(fieldsOf(value, 'reject')['reason'], 'reason', REJECT_REASONS),
  }));
}

export function parseFail(body: Uint8Array): Checked<Fail> {
  return checkJson(body, (value) => ({ code: oneOf(fieldsOf(value, 'fail')['code'], 'code', FAIL_CODES) }));
}

export function parseDrain(body: Uint8Array): Checked<Drain> {
  return checkJson(body, (value) => {
    const fields = fieldsOf(value, 'drain');
    const retryAfterMs = readRetryAfter(fields);
    return {
      graceMs: wholeNumberOf(fields['graceMs'], 'graceMs', DAY_MS),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    };
  });
}

export function parseGoAway(body: Uint8Array): Checked<GoAway> {
  return checkJson(body, (value) => {
    const fields = fieldsOf(value, 'goaway');
    const retryAfterMs = readRetryAfter(fields);
    const minAgentVersion = optional(fields['minAgentVersion'], (given) =>
      wordOf(given, 'minAgentVersion', LINK_LIMITS.wordMaxChars),
    );
    const because = optional(fields['because'], (given) => wordOf(given, 'because', BECAUSE_MAX_CHARS));
    return {
      closeCode: wholeNumberOf(fields['closeCode'], 'closeCode', 4999),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...(minAgentVersion !== undefined && { minAgentVersion }),
      ...(because !== undefined && { because }),
    };
  });
}

const utf8 = new TextEncoder();

/** Writes any of the bodies above. */
export function encodeBody(
  body: Hello | Welcome | Notice | Offer | Reject | Fail | Drain | GoAway | Record<string, unknown>,
): Uint8Array {
  return utf8.encode(JSON.stringify(body));
}

/** The body of WINDOW: one u32. */
export function encodeWindow(addBytes: number): Uint8Array {
  const body = new Uint8Array(4);
  new DataView(body.buffer).setUint32(0, addBytes);
  return body;
}

/** Undefined when the body is no u32. Zero and too much are left to the window that takes it. */
export function parseWindow(body: Uint8Array): number | undefined {
  if (body.byteLength !== 4) return undefined;
  return new DataView(body.buffer, body.byteOffset, 4).getUint32(0);
}

const PAIR_BYTES = 8;

/** The body of ACK, RESUME and RESUMED: two u32 for each stream. At most `streamSeqsMax` of them fit. */
export function encodeStreamSeqs(pairs: readonly StreamSeq[]): Uint8Array {
  const body = new Uint8Array(pairs.length * PAIR_BYTES);
  const view = new DataView(body.buffer);
  for (const [index, { stream, seq }] of pairs.entries()) {
    view.setUint32(index * PAIR_BYTES, stream);
    view.setUint32(index * PAIR_BYTES + 4, seq);
  }
  return body;
}

/** Undefined: no whole pairs, a stream that is none of a job, or one that is named twice. */
export function parseStreamSeqs(body: Uint8Array): StreamSeq[] | undefined {
  if (body.byteLength % PAIR_BYTES !== 0) return undefined;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const pairs: StreamSeq[] = [];
  const streams = new Set<number>();
  for (let at = 0; at < body.byteLength; at += PAIR_BYTES) {
    const stream = view.getUint32(at);
    if (stream % 2 === 0 || streams.has(stream)) return undefined;
    streams.add(stream);
    pairs.push({ stream, seq: view.getUint32(at + 4) });
  }
  return pairs;
}

function readRetryAfter(fields: Fields): number | undefined {
  return optional(fields['retryAfterMs'], (given) => wholeNumberOf(given, 'retryAfterMs', DAY_MS));
}

function readFeatures(value: unknown): string[] {
  return listOf(value, 'features', LINK_LIMITS.featuresMax).map((entry, index) =>
    wordOf(entry, `features[${index}]`, LINK_LIMITS.wordMaxChars),
  );
}

function positiveBytes(value: unknown): number {
  const bytes = wholeNumberOf(value, 'bodyBytes', LINK_LIMITS.jobBodyMaxBytes);
  if (bytes === 0) throw checkFailure('bodyBytes');
  return bytes;
}
