import type { FastifyReply } from 'fastify';
import type { AdminContext } from '../admin/context.ts';
import { fault } from '../core/errors.ts';
import type { Receipt } from '../ledger/ledger.ts';
import type { EventHub, EventSink, EventSources } from './event-hub.ts';
import { type BalanceSources, consoleBalance } from './overview.ts';
import type { PeopleSessions } from '../people/person.ts';
import { requestView } from './requests.ts';
import { type AccountCall, type ConsoleRow, streamRow } from './row.ts';
import { sendConsoleFault } from './serve.ts';

/** The account's events as they happen, for an `EventSource`. */
export function eventsRow(hub: EventHub, sessions: PeopleSessions): ConsoleRow {
  return streamRow('viewer', 'events', (call, reply) => openStream(hub, sessions, call, reply));
}

function openStream(hub: EventHub, sessions: PeopleSessions, call: AccountCall, reply: FastifyReply): void {
  const { account, person, request } = call;
  const { headers } = request;
  // Gone while the session was read: nothing would say so a second time, and the reader would count for ever.
  if (reply.raw.closed) {
    reply.hijack();
    return;
  }
  const sink = sinkOf(reply, async () => {
    const now = await sessions.read(headers);
    return now?.id === person.id && now.memberships.some(({ accountId }) => accountId === account.id);
  });
  if (!hub.add(account.id, person.id, sink)) {
    const message = 'Too many pages are open. Close some.';
    sendConsoleFault(reply, fault('rate_limit_exceeded', { message, retryAfterMs: 30_000 }));
    return;
  }
  reply.raw.once('close', () => hub.remove(account.id, sink));
}

/** Takes the reply over with the first event, so that a refusal can still be an ordinary answer. */
function sinkOf(reply: FastifyReply, isAllowed: () => Promise<boolean>): EventSink {
  const { raw } = reply;
  let begun = false;
  return {
    isAllowed,
    bufferedBytes: () => raw.writableLength,
    write(text) {
      if (!begun) {
        begun = true;
        reply.hijack();
        for (const [name, value] of Object.entries(reply.getHeaders()))
          if (value !== undefined) raw.setHeader(name, value);
        // nginx keeps answers back without the second header.
        raw.writeHead(200, {
          'content-type': 'text/event-stream; charset=utf-8',
          'x-accel-buffering': 'no',
        });
      }
      if (raw.writable) raw.write(text);
    },
    end: () => void (raw.writableLength > 0 ? raw.destroy() : raw.end()),
  };
}

/** The gateway's own parts as sources of events. */
export function eventSources(admin: AdminContext, balances: BalanceSources): EventSources {
  return {
    clock: admin.clock,
    balance: (accountId) => consoleBalance(balances, admin, accountId),
    models: () =>
      admin.models
        .all()
        .filter(({ hidden }) => !hidden)
        .map((model) => {
          const state = admin.models.availability(model);
          const { available = false, expectedWaitSeconds = null } = state ?? {};
          return { id: model.id, available, expectedWaitSeconds };
        }),
    *nodes() {
      const live = new Map(admin.fleet?.nodes().map(({ nodeId, state }) => [nodeId, state]));
      for (const { node } of admin.registry.directory.nodes()) {
        if (node.revokedAtMs !== undefined) continue;
        const connected = live.get(node.id) ?? 'offline';
        const isBanned = admin.trust.book.standing(node.id).isBanned;
        const allowed = isBanned ? 'banned' : connected;
        const state = node.suspendedReason === undefined ? allowed : 'suspended';
        yield { accountId: node.accountId, node: { id: node.id, name: node.name, state } };
      }
    },
    request: (receipt: Receipt) => requestView(admin, receipt),
  };
}
