import { decodeMessage, encodeMessage, RECORD_FLAGS, RECORD_TYPES } from '@switchyard/protocol/link/frame.ts';
import type { LinkRecord } from '@switchyard/protocol/link/frame.ts';
import type { Capabilities, CapabilityModel, Hello } from '@switchyard/protocol/link/messages.ts';
import { encodeStreamSeqs } from '@switchyard/protocol/link/messages.ts';
import type { StreamSeq } from '@switchyard/protocol/link/replay.ts';
import type { StreamPart } from '@switchyard/protocol/parts.ts';
import type { LinkSocket } from '../fleet/session-host.ts';

const NO_BODY = new Uint8Array(0);

export function jsonBody(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

export function modelOf(fields: Partial<CapabilityModel> = {}): CapabilityModel {
  return {
    alias: 'small',
    localName: 'small:1b',
    contextTokens: 8_192,
    maxOutputTokens: 2_048,
    slots: 2,
    tools: true,
    vision: false,
    thinking: false,
    jsonSchema: true,
    loaded: true,
    remoteBacked: false,
    ...fields,
  };
}

export function capabilitiesOf(models: CapabilityModel[] = [modelOf()], textSlots = 2): Capabilities {
  return { engine: { kind: 'demo', version: '1' }, slots: { text: textSlots }, models };
}

/**
 * The node's end of a link as tests play it: it can say anything in any order, right or wrong. Sequence numbers are
 * kept right unless `seq` is given.
 */
export type RawNode = {
  /** What the gateway has sent so far. */
  received: LinkRecord[];
  /** Takes a message of the gateway. */
  take(message: Uint8Array): void;
  record(type: number, stream: number, body?: Uint8Array, fields?: Partial<LinkRecord>): LinkRecord;
  /** Sends records in one message. */
  send(...records: LinkRecord[]): void;
  /** Without fields: a node that knows no features. */
  hello(fields?: Partial<Hello>): void;
  capabilities(capabilities?: Capabilities): void;
  /** HELLO to go on with a session, and what was received of it. `seqs`: the last own number of each stream. */
  resume(
    session: { id: string; seqs?: Record<number, number> },
    received: StreamSeq[],
    instanceId?: string,
  ): void;
  part(stream: number, part: StreamPart): LinkRecord;
  /** Records of one type that came, on one stream if given. */
  got(type: number, stream?: number): LinkRecord[];
};

export function createRawNode(transmit: (message: Uint8Array<ArrayBuffer>) => void): RawNode {
  const seqs = new Map<number, number>();
  const received: LinkRecord[] = [];

  function record(
    type: number,
    stream: number,
    body: Uint8Array = NO_BODY,
    fields: Partial<LinkRecord> = {},
  ): LinkRecord {
    const seq = (seqs.get(stream) ?? 0) + 1;
    seqs.set(stream, seq);
    return { type, flags: RECORD_FLAGS.end, stream, seq, body, ...fields };
  }

  const send = (...records: LinkRecord[]): void => transmit(encodeMessage(records));

  return {
    received,
    take(message) {
      const decoded = decodeMessage(message);
      if (!decoded.ok) throw new Error(`the gateway sent a bad message: ${decoded.error}`);
      received.push(...decoded.records);
    },
    record,
    send,
    hello: (fields = {}) => {
      const hello: Hello = { instanceId: 'one', agentVersion: '0.1.0', features: [], ...fields };
      send(record(RECORD_TYPES.hello, 0, jsonBody(hello)));
    },
    capabilities: (capabilities = capabilitiesOf()) => {
      send(record(RECORD_TYPES.capabilities, 0, jsonBody(capabilities)));
    },
    resume: ({ id, seqs: lastSeqs = {} }, streams, instanceId = 'one') => {
      for (const [stream, seq] of Object.entries(lastSeqs)) seqs.set(Number(stream), seq);
      const hello = { instanceId, agentVersion: '0.1.0', features: ['resume1'], resumeSessionId: id };
      send(
        record(RECORD_TYPES.hello, 0, jsonBody(hello)),
        record(RECORD_TYPES.resume, 0, encodeStreamSeqs(streams)),
      );
    },
    part: (stream, part) => record(RECORD_TYPES.data, stream, jsonBody(part)),
    got: (type, stream) =>
      received.filter((entry) => entry.type === type && (stream === undefined || entry.stream === stream)),
  };
}

/** A line in memory: hands messages to `deliver` and remembers how it was closed. */
export type MemoryLine = LinkSocket & {
  closed: { code: number; reason: string } | undefined;
  bufferBytes: number;
};

export function createMemoryLine(deliver: (message: Uint8Array) => void): MemoryLine {
  const line: MemoryLine = {
    closed: undefined,
    bufferBytes: 0,
    send(message, sent) {
      deliver(message);
      sent();
    },
    bufferedBytes: () => line.bufferBytes,
    close(code, reason) {
      line.closed ??= { code, reason };
    },
  };
  return line;
}
