import { CLOSE_CODES } from '@switchyard/protocol/link/close-codes.ts';
import type { CloseCode } from '@switchyard/protocol/link/close-codes.ts';
import {
  consumeBytes,
  createReceiveWindow,
  receiveBytes,
  takeGrant,
} from '@switchyard/protocol/link/flow.ts';
import {
  decodeMessage,
  encodeMessage,
  fitsStream,
  isKnownType,
  RECORD_FLAGS,
  RECORD_TYPES,
} from '@switchyard/protocol/link/frame.ts';
import type { LinkRecord, RecordType } from '@switchyard/protocol/link/frame.ts';
import { LINK_LIMITS, LINK_TIMES } from '@switchyard/protocol/link/limits.ts';
import {
  encodeBody,
  encodeStreamSeqs,
  encodeWindow,
  parseDrain,
  parseGoAway,
  parseNotice,
  parseStreamSeqs,
  parseWelcome,
  parseWindow,
} from '@switchyard/protocol/link/messages.ts';
import type { GoAway, Hello, Notice, Welcome } from '@switchyard/protocol/link/messages.ts';
import type { Timer, Timers } from '../timers.ts';
import type { LinkSession } from './link-session.ts';
import type { LinkSocket } from './link-socket.ts';

export type LinkLineOptions = {
  socket: LinkSocket;
  hello: Hello;
  timers: Timers;
  /** The session whose jobs wait for a connection. */
  held: LinkSession | undefined;
  /** The gateway goes on with no session: that of `held` is over. */
  startSession(): LinkSession;
  onOnline(welcome: Pick<Welcome, 'sessionId' | 'newestAgent'>): void;
  onNotice(notice: Notice): void;
  /** The gateway said why it will close, or when to come back. */
  onGoAway(goAway: Omit<GoAway, 'closeCode'>): void;
};

/** `resuming`: the gateway knows the session, and says next what it has received. */
type Phase = 'hello' | 'resuming' | 'open' | 'ended';

export type LineEnd = CloseCode | typeof CLOSE_NORMAL | typeof CLOSE_INTERNAL_ERROR;

const TICK_MS = 1_000;
const CLOSE_NORMAL = 1000;
const CLOSE_INTERNAL_ERROR = 1011;

/**
 * One connection to the gateway, from the open socket to its end: the handshake, the checks of what comes, and the
 * gateway's signs of life. It checks as the gateway does, since a confused gateway must not crash a node. A session's
 * jobs run over it; when it breaks they may go on over the next one.
 */
export class LinkLine {
  readonly #options: LinkLineOptions;
  readonly #window = createReceiveWindow(LINK_LIMITS.connectionWindowBytes);
  readonly #ticker: Timer;
  #phase: Phase = 'hello';
  #session: LinkSession | undefined;
  #welcome: Welcome | undefined;
  /** Records sent on stream 0 before the session's writer took over. */
  #sentRecords = 0;
  #nextSeq = 1;
  #lastInboundMs: number;

  constructor(options: LinkLineOptions) {
    this.#options = options;
    const { timers, held, hello } = options;
    this.#lastInboundMs = timers.nowMs();
    this.#ticker = timers.every(TICK_MS, () => this.#tick());
    const received = held?.received();
    if (held?.sessionId === undefined || received === undefined) {
      this.#send(RECORD_TYPES.hello, encodeBody(hello));
    } else {
      this.#send(RECORD_TYPES.hello, encodeBody({ ...hello, resumeSessionId: held.sessionId }));
      this.#send(RECORD_TYPES.resume, encodeStreamSeqs(received));
    }
  }

  get socket(): LinkSocket {
    return this.#options.socket;
  }

  get sentRecords(): number {
    return this.#sentRecords;
  }

  onMessage(message: Uint8Array): void {
    if (this.#phase === 'ended') return;
    this.#lastInboundMs = this.#options.timers.nowMs();
    try {
      this.#readMessage(message);
    } catch {
      // A fault of the agent or of this code: the jobs are cancelled and a new connection starts clean.
      this.end(CLOSE_INTERNAL_ERROR, 'internal error');
    }
  }

  /** Closes the connection and ends the session that runs over it. */
  end(code: LineEnd, reason: string): void {
    if (this.#phase === 'ended') return;
    this.#session?.end();
    this.onSocketClosed();
    this.socket.close(code, reason);
  }

  /** The connection is gone. */
  onSocketClosed(): void {
    this.#phase = 'ended';
    this.#ticker.cancel();
  }

  #send(type: RecordType, body: Uint8Array): void {
    this.#sentRecords += 1;
    const record = { type, flags: RECORD_FLAGS.end, stream: 0, seq: this.#sentRecords, body };
    this.socket.send(encodeMessage([record]), () => undefined);
  }

  #readMessage(message: Uint8Array): void {
    const decoded = decodeMessage(message);
    if (!decoded.ok) return this.end(CLOSE_CODES.protocol, decoded.error);
    for (const record of decoded.records) {
      const breach = this.#onRecord(record);
      if (breach !== undefined) this.end(breach, 'protocol');
      if (this.#hasEnded()) return;
    }
    const session = this.#session;
    session?.onMessageRead();
    const addBytes = takeGrant(this.#window);
    if (addBytes > 0) session?.writer.control(RECORD_TYPES.window, 0, encodeWindow(addBytes));
  }

  #onRecord(record: LinkRecord): CloseCode | undefined {
    const session = this.#session;
    if (session === undefined) return this.#onHandshake(record);
    const { type, stream } = record;
    const isNext = stream === 0 ? record.seq === this.#nextSeq++ : session.takeSeq(record);
    if (!isNext) return CLOSE_CODES.protocol;
    if (type === RECORD_TYPES.data) {
      if (!receiveBytes(this.#window, record.body.byteLength)) return CLOSE_CODES.tooBig;
      consumeBytes(this.#window, record.body.byteLength);
    }
    if (!isKnownType(type))
      return (record.flags & RECORD_FLAGS.optional) === 0 ? CLOSE_CODES.protocol : undefined;
    if (!fitsStream(type, stream)) return CLOSE_CODES.protocol;
    return stream === 0 ? this.#onConnectionRecord(record, session) : session.onRecord(record);
  }

  #onHandshake(record: LinkRecord): CloseCode | undefined {
    if (record.stream !== 0 || record.seq !== this.#nextSeq++) return CLOSE_CODES.protocol;
    if (record.type === RECORD_TYPES.goaway) return this.#onGoAway(record.body);
    return this.#phase === 'hello' ? this.#onWelcome(record) : this.#onResumed(record);
  }

  #onWelcome(record: LinkRecord): CloseCode | undefined {
    const welcome = record.type === RECORD_TYPES.welcome ? parseWelcome(record.body) : undefined;
    if (welcome === undefined || !welcome.ok) return CLOSE_CODES.protocol;
    this.#welcome = welcome.value;
    const { held } = this.#options;
    if (held !== undefined && held.sessionId === welcome.value.sessionId) {
      this.#phase = 'resuming';
      return undefined;
    }
    const session = this.#options.startSession();
    this.#open(session);
    session.start(this, welcome.value);
    this.#online(session, welcome.value);
    return undefined;
  }

  #onResumed(record: LinkRecord): CloseCode | undefined {
    const received = record.type === RECORD_TYPES.resumed ? parseStreamSeqs(record.body) : undefined;
    const { held } = this.#options;
    const welcome = this.#welcome;
    if (received === undefined || held === undefined || welcome === undefined) return CLOSE_CODES.protocol;
    this.#open(held);
    if (!held.resume(this, received)) return CLOSE_CODES.protocol;
    this.#online(held, welcome);
    return undefined;
  }

  #open(session: LinkSession): void {
    this.#phase = 'open';
    this.#session = session;
  }

  /** The report leaves before anybody hears that the node is there: whoever asks then finds its models. */
  #online(session: LinkSession, welcome: Welcome): void {
    if (this.#hasEnded()) return;
    session.writer.flush();
    this.#options.onOnline(welcome);
  }

  #onConnectionRecord(record: LinkRecord, session: LinkSession): CloseCode | undefined {
    const { body } = record;
    switch (record.type) {
      case RECORD_TYPES.ping:
        session.writer.control(RECORD_TYPES.pong, 0, body.slice());
        return undefined;
      case RECORD_TYPES.pong:
        return undefined;
      case RECORD_TYPES.window: {
        const addBytes = parseWindow(body);
        return addBytes !== undefined && session.writer.grant(0, addBytes) ? undefined : CLOSE_CODES.protocol;
      }
      case RECORD_TYPES.ack: {
        const acks = parseStreamSeqs(body);
        return acks !== undefined && session.onAcks(acks) ? undefined : CLOSE_CODES.protocol;
      }
      case RECORD_TYPES.notice: {
        const notice = parseNotice(body);
        if (!notice.ok) return CLOSE_CODES.protocol;
        this.#options.onNotice(notice.value);
        return undefined;
      }
      case RECORD_TYPES.drain: {
        const drain = parseDrain(body);
        if (!drain.ok) return CLOSE_CODES.protocol;
        this.#options.onGoAway(drain.value);
        return undefined;
      }
      case RECORD_TYPES.goaway:
        return this.#onGoAway(body);
      default:
        return CLOSE_CODES.protocol;
    }
  }

  #onGoAway(body: Uint8Array): CloseCode | undefined {
    const goAway = parseGoAway(body);
    if (!goAway.ok) return CLOSE_CODES.protocol;
    this.#options.onGoAway(goAway.value);
    return undefined;
  }

  #hasEnded(): boolean {
    return this.#phase === 'ended';
  }

  #tick(): void {
    const isWaitedFor = this.#session?.isWaitedFor ?? false;
    const limitMs = isWaitedFor ? LINK_TIMES.nodeGivesUpBusyMs : LINK_TIMES.nodeGivesUpMs;
    if (this.#options.timers.nowMs() - this.#lastInboundMs >= limitMs) this.socket.terminate();
  }
}
