import type { ConsoleBalance } from './overview.ts';
import type { NodeState } from './nodes.ts';
import type { RequestRow } from './requests.ts';

/**
 * GET `accounts/:account/events`: server-sent events, role viewer. `event:` is the type, `data:` its JSON. A comment comes
 * every 20 seconds. A reader that is too slow is dropped: connect again, and fetch what was missed.
 */
export type ConsoleEvents = {
  /** First of all, and after that whenever it changed, at most once a second. */
  balance: ConsoleBalance;
  /** Models whose availability changed. First of all: all of them. */
  availability: { models: { id: string; available: boolean; expectedWaitSeconds: number | null }[] };
  /** The account's own nodes, when one changed. */
  nodes: { nodes: { id: string; name: string; state: NodeState }[] };
  /** A request ended. */
  request: RequestRow;
  /**
   * Something to tell the person. `maintenance`: it was switched on or off. `role-changed`: their role in this account.
   * `signed-out`: the session or the membership ended; the stream closes.
   */
  notice: { code: 'maintenance' | 'role-changed' | 'signed-out'; message: string };
};

export type ConsoleEventName = keyof ConsoleEvents;
