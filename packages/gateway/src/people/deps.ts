import type { Registry } from '../accounts/registry.ts';
import type { Clock } from '../core/clock.ts';
import type { Micros } from '../core/money.ts';
import type { Balance, Receipt, TransferOutcome, TransferRequest } from '../ledger/ledger.ts';
import type { Mailer } from './mail.ts';
import type { PeopleStore } from './store.ts';

/** What the use cases of people work with. */
export type PeopleDeps = {
  clock: Clock;
  store: PeopleStore;
  registry: Registry;
  ledger: PeopleLedger;
  mailer: Mailer;
  brand: string;
  /** Where people reach the site: origin without a slash at the end. */
  siteUrl(): string;
  /** Given once to each new account, once its owner has proved an address. */
  welcomeMicros: Micros;
  freeCreditsPerAddress: number;
  /** Of mail that nobody may have here, in small letters. */
  refusedDomains: ReadonlySet<string>;
  /** A key of this installation for digests of addresses, which few bits of guessing would undo otherwise. */
  digestKey: Buffer;
  /** Ends the session of a node that was removed. */
  disconnectNode(nodeId: string): void;
  /** The newest receipts of an account. */
  receipts(accountId: string, limit: number): Promise<readonly Receipt[]> | readonly Receipt[];
};

export type PeopleLedger = {
  balance(accountId: string): Balance;
  transfer(request: TransferRequest): Promise<TransferOutcome>;
  /** Ends credit that would end by itself. False: it could not be written. */
  endGrants(accountId: string): Promise<boolean>;
};
