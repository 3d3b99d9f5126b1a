import type { Registry } from '../accounts/registry.ts';
import type { Clock } from '../core/clock.ts';
import type { PeopleConfig } from '../config/config.ts';
import { fault, type Fault } from '../core/errors.ts';
import { failed, ok, type Result } from '../core/result.ts';
import { refusedDomains } from './disposable-domains.ts';
import { hasRefusedDomain, isPlaceholder } from './email-address.ts';
import { tokenDigest } from './links.ts';
import { DEMO_ACCOUNT_KEY } from './operator-link.ts';
import type { PeopleStore } from './store.ts';

/** Who may make an account. `operator`: with the link of this machine's own operator. */
export type SignUpRight = 'anyone' | 'invited' | 'operator';

export type SignUpRules = {
  /** Errors: `sign_up_closed`, `invalid_request` (domain). The answer never depends on who has an account. */
  check(ask: { email: unknown; ticket: unknown }): Result<SignUpRight, Fault>;
  /**
   * Of somebody whose address a provider has proved, or who has signed with a wallet; no address is known then. Why not,
   * or undefined.
   */
  mayJoin(email: string, by: { isWallet: boolean }): 'SIGN_UP_CLOSED' | 'EMAIL_REFUSED' | undefined;
  /** Hears what a sign-up answered. Of an address that was known already, the id is nobody's. */
  done(right: SignUpRight, answer: unknown): Promise<void>;
};

export function createSignUpRules(deps: {
  clock: Clock;
  store: PeopleStore;
  registry: Pick<Registry, 'meta'>;
  config: Pick<PeopleConfig, 'signUp' | 'refusedEmailDomains'>;
}): SignUpRules {
  const { clock, store, config } = deps;
  const refused = refusedDomains(config.refusedEmailDomains);

  function rightOf(email: string, ticket: unknown): SignUpRight | undefined {
    const digest = tokenDigest(ticket);
    if (digest !== undefined) {
      if (store.hasOperatorLink(digest, clock.nowMs())) return 'operator';
      const invitation = store.invitationByDigest(digest);
      const isOpen = invitation !== undefined && invitation.expiresAtMs > clock.nowMs();
      if (isOpen && invitation.email === email && config.signUp !== 'closed') return 'invited';
    }
    return config.signUp === 'open' ? 'anyone' : undefined;
  }

  return {
    check({ email, ticket }) {
      const address = typeof email === 'string' ? email.toLowerCase() : '';
      const right = rightOf(address, ticket);
      if (right === undefined) return failed(fault('sign_up_closed'));
      // The address that stands for a wallet could be taken before its owner comes.
      if (hasRefusedDomain(address, refused) || isPlaceholder(address)) {
        return failed(fault('invalid_request', { message: 'Use another e-mail address.', param: 'email' }));
      }
      return ok(right);
    },
    mayJoin(email, { isWallet }) {
      const address = email.toLowerCase();
      const isInvited =
        config.signUp === 'invite' && !isWallet && store.hasOpenInvitation(address, clock.nowMs());
      if (config.signUp !== 'open' && !isInvited) return 'SIGN_UP_CLOSED';
      return !isWallet && hasRefusedDomain(address, refused) ? 'EMAIL_REFUSED' : undefined;
    },
    async done(right, answer) {
      const personId = right === 'operator' ? newPersonId(answer) : undefined;
      if (personId === undefined) return;
      // Whoever has the operator's link controls this machine; no mail need reach them first.
      store.markEmailVerified(personId);
      const demoAccount = await deps.registry.meta(DEMO_ACCOUNT_KEY);
      if (demoAccount === undefined || store.members(demoAccount).length > 0) return;
      if (store.person(personId) === undefined) return;
      // The account that the first start has made and shown becomes theirs, instead of one more.
      store.putStanding({ personId, site: 'person', homeAccountId: demoAccount, homeMade: false });
    },
  };
}

function newPersonId(answer: unknown): string | undefined {
  if (typeof answer !== 'object' || answer === null || !('user' in answer)) return undefined;
  const { user } = answer;
  const hasId = typeof user === 'object' && user !== null && 'id' in user;
  return hasId && typeof user.id === 'string' ? user.id : undefined;
}
