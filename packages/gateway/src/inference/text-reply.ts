import type { FinishReason, StreamPart } from '@switchyard/protocol/parts.ts';
import type { AttemptFault } from '../core/attempt.ts';
import type { Fault } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Micros } from '../core/money.ts';
import type { ReplyEncoder } from '../core/surface.ts';
import { adaptFault } from './adapt-fault.ts';
import type { Admitted } from './admit.ts';
import type { Meter } from './meter.ts';
import { isStalled, ReplyWriter } from './reply-writer.ts';

/** The reply to one text request: canonical parts in the client's dialect, on its socket. */
export class TextReply {
  readonly #admitted: Admitted;
  readonly #writer: ReplyWriter;
  #encoder: ReplyEncoder;

  constructor(admitted: Admitted, handlers: { onDrain: () => void; onGone: () => void }) {
    this.#admitted = admitted;
    this.#encoder = newEncoder(admitted);
    this.#writer = new ReplyWriter(admitted.exchange, handlers);
  }

  /** Whether its status has left. */
  get committed(): boolean {
    return this.#writer.committed;
  }

  /** Another target answers from the beginning. The client has seen nothing of the answer. */
  restart(): void {
    this.#encoder = newEncoder(this.#admitted);
  }

  /** False: the client does not keep up, pause the source until `onDrain`. */
  parts(parts: readonly StreamPart[], relay: Buffer | undefined, nowMs: number): boolean {
    const bytes = this.#encoder.parts(parts, relay);
    if (bytes.length === 0) return true;
    this.#writer.commitStream(this.#encoder.contentType);
    return this.#writer.write(bytes, nowMs);
  }

  /** About once a second with monotonic time: commits headers, keeps streams alive, cuts dead readers. */
  tick(nowMs: number): void {
    if (isStalled(this.#writer, nowMs)) {
      this.#writer.cut();
      return;
    }
    if (!this.#admitted.decoded.stream) return;
    const silentMs = nowMs - this.#writer.lastWriteMs;
    if (!this.#writer.committed) {
      if (silentMs < LIMITS.headersCommitMs) return;
      this.#writer.commitStream(this.#encoder.contentType);
    }
    if (silentMs < LIMITS.keepaliveMs) return;
    const keepalive = this.#encoder.keepalive();
    if (keepalive !== '') this.#writer.write(keepalive, nowMs);
  }

  /** The last bytes of a whole answer. */
  end(
    meter: Meter,
    outcome: { finish: FinishReason; costMicros: Micros; isContinued: boolean; endedAtMs: number },
  ): void {
    const stopSequence = this.#stopSequence(meter);
    const last = this.#encoder.end({
      ...outcome,
      ...(stopSequence === undefined ? {} : { stopSequence }),
      usage: meter.usage(),
    });
    if (this.#admitted.decoded.stream) {
      this.#writer.commitStream(this.#encoder.contentType);
      this.#writer.endStream(last);
    } else {
      this.#writer.endJson(200, this.#encoder.contentType, last);
    }
  }

  /** An error: with its own status, or inside the stream that has begun, which is cut then. */
  fault(value: Fault): void {
    const { surface, exchange } = this.#admitted;
    if (this.#writer.committed) {
      this.#writer.breakOff(this.#encoder.fault(value));
      return;
    }
    const adapted = adaptFault(surface, value, exchange);
    this.#writer.endFault(adapted, surface.renderFault(adapted, exchange.requestId));
  }

  /** A provider's refusal of the client's own request goes on as it is. Only while nothing is committed. */
  refuseAsProvider({ status, body }: NonNullable<AttemptFault['relay']>): void {
    this.#writer.endJson(status, 'application/json', body);
  }

  /** Only what the client itself named: a target cannot put words here. */
  #stopSequence(meter: Meter): string | undefined {
    const told = meter.stopSequence();
    return told !== undefined && this.#admitted.chat.stop.includes(told) ? told : undefined;
  }
}

function newEncoder({ decoded, exchange, estimatedInputTokens }: Admitted): ReplyEncoder {
  return decoded.openReply({
    requestId: exchange.requestId,
    model: decoded.model,
    createdAtMs: exchange.startedAtMs,
    estimatedInputTokens,
  });
}
