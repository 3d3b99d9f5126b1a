import { type Micros, ZERO_MICROS, addMicros, subtractMicros } from '../core/money.ts';
import { type AccountState, applyToBalance, expireGrants, lapseGrants } from './decide.ts';
import { assertTransferId, canTake, decideGrant, decideTransfer, hasRoomFor } from './decide-transfer.ts';
import { addGrant, type Grant } from './grants.ts';
import type { ItemOutcome, TransferItem } from './journal.ts';
import type { GrantRequest, MoveRequest, RefundRequest, TransferOutcome, TransferRequest } from './ledger.ts';

const REASON_MAX_CHARS = 500;

/** What the desk needs of the owner of the balances. */
export type DeskOptions = {
  /** The account as it is; one that is unknown has nothing. */
  account(accountId: string): AccountState;
  /** The same, remembered from now on. */
  keepAccount(accountId: string): AccountState;
  /** False while nothing may be written. */
  isReady(): boolean;
  /** `done` hears once, later, what became of the item. */
  push(item: TransferItem, done: (outcome: ItemOutcome | 'failed') => void): void;
  nowMs(): number;
  /** Accounts that have grants from the start. */
  grantHolders: Iterable<string>;
};

/**
 * Changes of credit from outside of requests. Debits count at once, so that nothing else can spend them; credits count
 * when they are durable. Only the disk knows whether an id was used before, so what may not be made is still looked up.
 */
export type TransferDesk = {
  transfer(request: TransferRequest): Promise<TransferOutcome>;
  grant(request: GrantRequest): Promise<TransferOutcome>;
  move(request: MoveRequest): Promise<TransferOutcome>;
  refund(request: RefundRequest): Promise<TransferOutcome>;
  /** Sends the rest of grants back that have run out and that no hold needs. Returns how many. */
  expire(): number;
  /** Ends every grant of an account before its time, but what a hold may need. False: it could not be written. */
  endGrants(accountId: string): Promise<boolean>;
};

export function createTransferDesk(options: DeskOptions): TransferDesk {
  /** Accounts that have grants: at most as many as there are accounts. */
  const withGrants = new Set<string>(options.grantHolders);

  function write(
    item: Omit<TransferItem, 'type' | 'atMs'>,
    effect: { start(): void; end(isWritten: boolean): void },
    whenAbsent: TransferOutcome['outcome'],
  ): Promise<TransferOutcome> {
    if (!options.isReady()) return Promise.resolve({ outcome: 'ledger-unavailable' });
    const { promise, resolve } = Promise.withResolvers<TransferOutcome>();
    const request = { ...item.request, reason: item.request.reason.slice(0, REASON_MAX_CHARS) };
    if (!item.lookUpOnly) effect.start();
    options.push({ ...item, type: 'transfer', request, atMs: options.nowMs() }, (outcome) => {
      if (!item.lookUpOnly) effect.end(outcome === 'written');
      resolve({ outcome: transferOutcome(outcome, whenAbsent) });
    });
    return promise;
  }

  function credit(accountId: string, amountMicros: Micros, add: (state: AccountState) => void) {
    const state = (): AccountState => options.keepAccount(accountId);
    return {
      start: () => void (state().incomingMicros = addMicros(state().incomingMicros, amountMicros)),
      end(isWritten: boolean) {
        const account = state();
        account.incomingMicros = subtractMicros(account.incomingMicros, amountMicros);
        if (!isWritten) return;
        account.depositedMicros = addMicros(account.depositedMicros, amountMicros);
        add(account);
      },
    };
  }

  function debit(accountId: string, balance: 'paid' | 'promo', amountMicros: Micros) {
    const change = (signed: Micros) => applyToBalance(options.keepAccount(accountId), balance, signed);
    return {
      start: () => change(subtractMicros(ZERO_MICROS, amountMicros)),
      end: (isWritten: boolean) => (isWritten ? undefined : change(amountMicros)),
    };
  }

  /** When the write fails, the ledger is finished, and the next start finds the grant as it was. */
  function giveBack(accountId: string, { id, balance, leftMicros }: Grant): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const amountMicros = subtractMicros(ZERO_MICROS, leftMicros);
    const words = { kind: 'adjustment', balance: 'promo', reason: '' } as const;
    options.push(
      {
        type: 'transfer',
        request: { id: `expire:${id}`, accountId, amountMicros, ...words },
        detail: { type: 'expiry', grantId: id, balance },
        lookUpOnly: false,
        atMs: options.nowMs(),
      },
      (outcome) => resolve(outcome === 'written'),
    );
    return promise;
  }

  return {
    transfer(request) {
      const decision = decideTransfer(options.account(request.accountId), request);
      if (decision.outcome === 'invalid-amount') return Promise.resolve(decision);
      const { accountId, amountMicros, balance } = request;
      const lookUpOnly = decision.outcome === 'insufficient';
      const effect =
        amountMicros > 0
          ? credit(accountId, amountMicros, (state) => applyToBalance(state, balance, amountMicros))
          : debit(accountId, balance, subtractMicros(ZERO_MICROS, amountMicros));
      return write({ request, lookUpOnly }, effect, 'insufficient');
    },

    grant(request) {
      const { id, accountId, balance, amountMicros, expiresAtMs, reason } = request;
      const { outcome } = decideGrant(options.account(accountId), request, options.nowMs());
      if (outcome === 'invalid-amount') return Promise.resolve({ outcome });
      const added = credit(accountId, amountMicros, (state) => {
        const noPins = { pinnedMicros: ZERO_MICROS, isLapsed: false };
        addGrant(state.grants, { id, balance, expiresAtMs, leftMicros: amountMicros, ...noPins });
        withGrants.add(accountId);
      });
      const countIncoming = (change: 1 | -1) => (options.keepAccount(accountId).incomingGrants += change);
      const effect = {
        start() {
          countIncoming(1);
          added.start();
        },
        end(isWritten: boolean) {
          countIncoming(-1);
          added.end(isWritten);
        },
      };
      return write(
        {
          request: { id, accountId, kind: 'gift', balance: 'promo', amountMicros, reason },
          detail: { type: 'grant', balance, expiresAtMs },
          lookUpOnly: outcome !== 'credit',
        },
        effect,
        outcome === 'credit' ? 'ledger-unavailable' : outcome,
      );
    },

    move(request) {
      const { id, fromAccountId, toAccountId, amountMicros, reason } = request;
      assertTransferId(id);
      const isWhole = Number.isSafeInteger(amountMicros) && amountMicros > 0;
      if (
        !isWhole ||
        fromAccountId === toAccountId ||
        !hasRoomFor(options.account(toAccountId), amountMicros)
      ) {
        return Promise.resolve({ outcome: 'invalid-amount' });
      }
      const taken = debit(fromAccountId, 'paid', amountMicros);
      const added = credit(toAccountId, amountMicros, (state) => applyToBalance(state, 'paid', amountMicros));
      const effect = {
        start() {
          taken.start();
          added.start();
        },
        end(isWritten: boolean) {
          taken.end(isWritten);
          added.end(isWritten);
        },
      };
      const signed = subtractMicros(ZERO_MICROS, amountMicros);
      return write(
        {
          request: {
            id,
            accountId: fromAccountId,
            kind: 'adjustment',
            balance: 'paid',
            amountMicros: signed,
            reason,
          },
          detail: { type: 'move', toAccountId },
          lookUpOnly: !canTake(options.account(fromAccountId), 'paid', amountMicros),
        },
        effect,
        'insufficient',
      );
    },

    refund({ requestId, ...rest }) {
      assertTransferId(rest.id);
      const { accountId, amountMicros, balance } = rest;
      const isWhole = Number.isSafeInteger(amountMicros) && amountMicros > 0;
      if (!isWhole || !hasRoomFor(options.account(accountId), amountMicros)) {
        return Promise.resolve({ outcome: 'invalid-amount' });
      }
      const effect = credit(accountId, amountMicros, (state) => applyToBalance(state, balance, amountMicros));
      return write(
        { request: { ...rest, kind: 'refund' }, detail: { type: 'refund', requestId }, lookUpOnly: false },
        effect,
        'exceeds-charge',
      );
    },

    async endGrants(accountId) {
      if (!options.isReady()) return false;
      const state = options.account(accountId);
      for (const grant of state.grants) grant.isLapsed = true;
      const given = await Promise.all(expireGrants(state).map((grant) => giveBack(accountId, grant)));
      return given.every(Boolean);
    },

    expire() {
      let count = 0;
      if (!options.isReady()) return count;
      for (const accountId of withGrants) {
        const state = options.account(accountId);
        lapseGrants(state, options.nowMs());
        for (const grant of expireGrants(state)) {
          count += 1;
          void giveBack(accountId, grant);
        }
        if (state.grants.length === 0) withGrants.delete(accountId);
      }
      return count;
    },
  };
}

function transferOutcome(
  outcome: ItemOutcome | 'failed',
  whenAbsent: TransferOutcome['outcome'],
): TransferOutcome['outcome'] {
  switch (outcome) {
    case 'written':
      return 'applied';
    case 'exists':
    case 'exists-with-other-content':
    case 'exceeds-charge':
    case 'insufficient':
      return outcome;
    case 'absent':
      return whenAbsent;
    case 'refused':
    case 'failed':
      break;
  }
  return 'ledger-unavailable';
}
