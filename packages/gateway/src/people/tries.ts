import type { Clock } from '../core/clock.ts';
import { createAddressGuard } from '../limits/address-guard.ts';
import { mailboxOf } from './email-address.ts';
import { networkOf } from '../core/network.ts';

/** In a minute or two: tries with a secret of one network, and beginnings of something that may never be ended. */
const TRIES_PER_NETWORK = 30;
const BEGINNINGS_PER_NETWORK = 120;
/** Tries for one mailbox: of one network, and from everywhere. One network alone cannot lock a person out elsewhere. */
const TRIES_PER_MAILBOX_AND_NETWORK = 10;
const TRIES_PER_MAILBOX = 30;
const EMAIL_MAX_CHARS = 320;

/** How often somebody who is not signed in may ask. All tries count, good ones too. */
export type Tries = {
  /** Whether a try may go on. `email`: whatever was sent as one. */
  mayTry(address: string, email: unknown): boolean;
  mayBegin(address: string): boolean;
};

export function createTries(clock: Clock): Tries {
  const byNetwork = createAddressGuard(clock, TRIES_PER_NETWORK);
  const byPair = createAddressGuard(clock, TRIES_PER_MAILBOX_AND_NETWORK);
  const byMailbox = createAddressGuard(clock, TRIES_PER_MAILBOX);
  const beginnings = createAddressGuard(clock, BEGINNINGS_PER_NETWORK);

  /** A refused try is counted nowhere else: else one network could use up what all others have together. */
  function takes(guard: typeof byNetwork, name: string): boolean {
    if (!guard.allows(name)) return false;
    guard.noteFailure(name);
    return true;
  }

  return {
    mayTry(address, email) {
      const network = networkOf(address);
      if (!takes(byNetwork, network)) return false;
      if (typeof email !== 'string') return true;
      const mailbox = mailboxOf(email.slice(0, EMAIL_MAX_CHARS));
      return takes(byPair, `${network} ${mailbox}`) && takes(byMailbox, mailbox);
    },
    mayBegin: (address) => takes(beginnings, networkOf(address)),
  };
}
