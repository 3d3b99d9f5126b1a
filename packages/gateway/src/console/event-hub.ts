import type { ConsoleEventName, ConsoleEvents } from '@switchyard/protocol/console/events.ts';
import type { ConsoleBalance } from '@switchyard/protocol/console/overview.ts';
import type { Clock, Timer } from '../core/clock.ts';
import type { Receipt } from '../ledger/ledger.ts';

/** Where events of one reader go. `bufferedBytes`: what was given to it and is not on its way yet. */
export type EventSink = {
  write(text: string): void;
  bufferedBytes(): number;
  end(): void;
  /** Whether the person may still see this account. */
  isAllowed(): Promise<boolean>;
};

type NodeEvent = ConsoleEvents['nodes']['nodes'][number];
type ModelEvent = ConsoleEvents['availability']['models'][number];

/** What the hub looks at. All of it is in memory. */
export type EventSources = {
  clock: Clock;
  balance(accountId: string): ConsoleBalance;
  models(): ModelEvent[];
  /** Of all accounts, with their owners. */
  nodes(): Iterable<{ accountId: string; node: NodeEvent }>;
  request(receipt: Receipt): ConsoleEvents['request'];
};

/**
 * Events for the pages that are open. Nothing is kept for pages that are not: a page that comes back asks again.
 * Requests pay one map look-up; all else is looked at once a second, for accounts with a reader only.
 */
export type EventHub = {
  /** False: too many readers. Undo by `remove`. */
  add(accountId: string, personId: string, sink: EventSink): boolean;
  remove(accountId: string, sink: EventSink): void;
  requestEnded(receipt: Receipt): void;
  notice(notice: ConsoleEvents['notice']): void;
  /** A session of the person has ended: their streams are looked at now, not at the next round. */
  sessionEnded(personId: string): void;
  /** The same for a role in an account that changed or ended; without a person for all of its readers. */
  membersChanged(accountId: string, personId?: string): void;
  readers(): number;
  close(): void;
};

const TICK_MS = 1_000;
const LOOK_TICKS = 2;
const HEARTBEAT_TICKS = 20;
const RECHECK_TICKS = 60;
const READERS_MAX = 4_000;
const READERS_PER_PERSON_MAX = 16;
/** A reader that leaves so much lying is dropped. */
const BUFFER_MAX_BYTES = 256 * 1024;
/** Ends of requests that one account's readers hear of in a second; the rest they see when they ask. */
const REQUESTS_PER_TICK_MAX = 20;

type Reader = { sink: EventSink; personId: string; sinceTick: number };
type Watched = {
  readers: Set<Reader>;
  balance: string;
  nodes: string;
  requestsThisTick: number;
};

export function createEventHub(sources: EventSources): EventHub {
  const accounts = new Map<string, Watched>();
  const perPerson = new Map<string, number>();
  let models = new Map<string, string>();
  let count = 0;
  let tick = 0;
  let timer: Timer | undefined;

  function drop(accountId: string, watched: Watched, reader: Reader): void {
    if (!watched.readers.delete(reader)) return;
    count -= 1;
    const left = (perPerson.get(reader.personId) ?? 1) - 1;
    if (left > 0) perPerson.set(reader.personId, left);
    else perPerson.delete(reader.personId);
    if (watched.readers.size === 0) accounts.delete(accountId);
    if (count > 0) return;
    timer?.cancel();
    timer = undefined;
  }

  function send(accountId: string, watched: Watched, text: string): void {
    for (const reader of watched.readers) {
      reader.sink.write(text);
      if (reader.sink.bufferedBytes() <= BUFFER_MAX_BYTES) continue;
      drop(accountId, watched, reader);
      reader.sink.end();
    }
  }

  function sendAll(text: string): void {
    for (const [accountId, watched] of accounts) send(accountId, watched, text);
  }

  function lookAtBalance(accountId: string, watched: Watched): void {
    const text = eventText('balance', sources.balance(accountId));
    if (text === watched.balance) return;
    watched.balance = text;
    send(accountId, watched, text);
  }

  function lookAtModels(): void {
    const changed: ModelEvent[] = [];
    const seen = new Map<string, string>();
    for (const model of sources.models()) {
      const text = JSON.stringify(model);
      seen.set(model.id, text);
      if (models.get(model.id) !== text) changed.push(model);
    }
    models = seen;
    if (changed.length > 0) sendAll(eventText('availability', { models: changed }));
  }

  /** All nodes are looked at once, whoever reads. */
  function lookAtNodes(only?: string): void {
    const byAccount = new Map<string, NodeEvent[]>();
    for (const { accountId, node } of sources.nodes()) {
      if (!accounts.has(accountId) || (only !== undefined && accountId !== only)) continue;
      byAccount.set(accountId, [...(byAccount.get(accountId) ?? []), node]);
    }
    for (const [accountId, watched] of accounts) {
      if (only !== undefined && accountId !== only) continue;
      const text = eventText('nodes', { nodes: byAccount.get(accountId) ?? [] });
      if (text === watched.nodes) continue;
      watched.nodes = text;
      send(accountId, watched, text);
    }
  }

  /** Ends the stream of a reader who may not see the account any more; others are told `news`. */
  function check(accountId: string, watched: Watched, reader: Reader, news?: ConsoleEvents['notice']): void {
    const conclude = (allowed: boolean) => {
      const notice = allowed ? news : SIGNED_OUT;
      if (notice === undefined || !watched.readers.has(reader)) return;
      reader.sink.write(eventText('notice', notice));
      if (allowed) return;
      drop(accountId, watched, reader);
      reader.sink.end();
    };
    reader.sink.isAllowed().then(conclude, () => conclude(false));
  }

  /** Sessions run out while pages are open. */
  function recheck(accountId: string, watched: Watched): void {
    for (const reader of watched.readers) {
      if ((tick - reader.sinceTick) % RECHECK_TICKS !== 0 || tick === reader.sinceTick) continue;
      check(accountId, watched, reader);
    }
  }

  function onTick(): void {
    tick += 1;
    for (const [accountId, watched] of accounts) {
      watched.requestsThisTick = 0;
      lookAtBalance(accountId, watched);
      recheck(accountId, watched);
    }
    if (tick % LOOK_TICKS === 0) {
      lookAtModels();
      lookAtNodes();
    }
    if (tick % HEARTBEAT_TICKS === 0) sendAll(': still here\n\n');
  }

  return {
    add(accountId, personId, sink) {
      const own = perPerson.get(personId) ?? 0;
      if (count >= READERS_MAX || own >= READERS_PER_PERSON_MAX) return false;
      perPerson.set(personId, own + 1);
      count += 1;
      const known = accounts.get(accountId);
      const watched = known ?? { readers: new Set(), balance: '', nodes: '', requestsThisTick: 0 };
      accounts.set(accountId, watched);
      timer ??= sources.clock.every(TICK_MS, onTick);
      const balance = eventText('balance', sources.balance(accountId));
      // Later looks compare with what the first reader was told. Others must not miss what changed since their look.
      if (known === undefined) {
        watched.balance = balance;
        lookAtNodes(accountId);
      }
      const all = sources.models();
      if (models.size === 0) models = new Map(all.map((model) => [model.id, JSON.stringify(model)]));
      sink.write(balance + eventText('availability', { models: all }) + watched.nodes);
      watched.readers.add({ sink, personId, sinceTick: tick });
      return true;
    },
    remove(accountId, sink) {
      const watched = accounts.get(accountId);
      if (watched === undefined) return;
      for (const reader of watched.readers) if (reader.sink === sink) drop(accountId, watched, reader);
    },
    requestEnded(receipt) {
      const watched = accounts.get(receipt.accountId);
      if (watched === undefined || watched.requestsThisTick >= REQUESTS_PER_TICK_MAX) return;
      watched.requestsThisTick += 1;
      send(receipt.accountId, watched, eventText('request', sources.request(receipt)));
    },
    notice: (notice) => sendAll(eventText('notice', notice)),
    sessionEnded(personId) {
      if (!perPerson.has(personId)) return;
      for (const [accountId, watched] of accounts)
        for (const reader of watched.readers)
          if (reader.personId === personId) check(accountId, watched, reader);
    },
    membersChanged(accountId, personId) {
      const watched = accounts.get(accountId);
      if (watched === undefined) return;
      for (const reader of watched.readers)
        if (personId === undefined || reader.personId === personId)
          check(accountId, watched, reader, ROLE_CHANGED);
    },
    readers: () => count,
    close() {
      timer?.cancel();
      for (const watched of accounts.values()) for (const { sink } of watched.readers) sink.end();
      accounts.clear();
      perPerson.clear();
      count = 0;
    },
  };
}

const ROLE_CHANGED = { code: 'role-changed', message: 'Your role in this account has changed.' } as const;
const SIGNED_OUT = { code: 'signed-out', message: 'You are signed out of this account.' } as const;

/** JSON has no line breaks of its own, so one `data:` line is enough. */
function eventText<Name extends ConsoleEventName>(name: Name, data: ConsoleEvents[Name]): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
