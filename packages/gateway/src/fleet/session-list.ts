import type { NodeSession } from './node-session.ts';

/** A set of sessions that can also be read from any place on, so that some of many can be looked at. In no order. */
export class SessionList {
  readonly #sessions: NodeSession[] = [];
  readonly #places = new Map<NodeSession, number>();

  get size(): number {
    return this.#sessions.length;
  }

  has(session: NodeSession): boolean {
    return this.#places.has(session);
  }

  /** Throws a RangeError where there is none. */
  at(place: number): NodeSession {
    const session = this.#sessions[place];
    if (session === undefined) throw new RangeError('no session there');
    return session;
  }

  add(session: NodeSession): void {
    if (this.#places.has(session)) return;
    this.#places.set(session, this.#sessions.length);
    this.#sessions.push(session);
  }

  /** The last one takes its place. */
  delete(session: NodeSession): void {
    const place = this.#places.get(session);
    if (place === undefined) return;
    this.#places.delete(session);
    const last = this.#sessions.pop();
    if (last === undefined || last === session) return;
    this.#sessions[place] = last;
    this.#places.set(last, place);
  }

  [Symbol.iterator](): Iterator<NodeSession> {
    return this.#sessions[Symbol.iterator]();
  }
}
