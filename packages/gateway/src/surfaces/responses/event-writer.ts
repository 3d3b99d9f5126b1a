/** A place that text is streamed to: the event's type, and its members before and behind the text. */
export type TextChannel = { type: string; head: string; tail: string };

/** Collects the events of one reply until they are taken. */
export type EventWriter = {
  /** `members` is JSON text without braces. */
  event(type: string, members: string): void;
  /** Texts for one channel that come in a row leave as one event. */
  text(channel: TextChannel, text: string): void;
  take(): string;
};

/** One event as it is sent: named like its `type`. */
export function eventText(type: string, sequence: number, members: string): string {
  return `event: ${type}\ndata: {"type":"${type}","sequence_number":${sequence},${members}}\n\n`;
}

/** Every event has the next `sequence_number`, from the given one. */
export function createEventWriter(firstSequence: number): EventWriter {
  let sequence = firstSequence;
  let events = '';
  let channel: TextChannel | undefined;
  let waiting = '';

  const event = (type: string, members: string) => {
    events += eventText(type, sequence, members);
    sequence += 1;
  };
  const flush = () => {
    if (channel === undefined) return;
    event(channel.type, `${channel.head}"delta":${JSON.stringify(waiting)}${channel.tail}`);
    channel = undefined;
    waiting = '';
  };

  return {
    event(type, members) {
      flush();
      event(type, members);
    },
    text(next, text) {
      if (channel !== next) flush();
      channel = next;
      waiting += text;
    },
    take() {
      flush();
      const taken = events;
      events = '';
      return taken;
    },
  };
}
