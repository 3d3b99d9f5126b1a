import type { Clock } from '../core/clock.ts';
import { createAddressGuard } from '../limits/address-guard.ts';
import { mailboxOf } from './email-address.ts';
import type { Mailer } from './mail.ts';

/** Mails to one mailbox in an hour or two. */
const MAILS_PER_MAILBOX = 8;
const HOUR_MS = 3_600_000;

/**
 * Drops mail to a mailbox that has got enough: most mail can be asked for by anybody who knows an address. Nobody is told,
 * since that would tell about the mailbox.
 * @param onDrop hears of each, without the address
 */
export function limitMail(mailer: Mailer, clock: Clock, onDrop: () => void): Mailer {
  const sent = createAddressGuard(clock, MAILS_PER_MAILBOX, HOUR_MS);
  return {
    send(mail) {
      const mailbox = mailboxOf(mail.to);
      if (!sent.allows(mailbox)) {
        onDrop();
        return;
      }
      sent.noteFailure(mailbox);
      mailer.send(mail);
    },
  };
}
