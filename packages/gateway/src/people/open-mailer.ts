import type { Config } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import { isThisMachine } from '../core/this-machine.ts';
import type { Log } from '../core/log.ts';
import type { Mailer } from './mail.ts';
import { limitMail } from './mail-rate.ts';
import { createSmtpMailer } from './smtp-mailer.ts';
import { createTerminalMailer } from './terminal-mailer.ts';

/**
 * The way that the configuration gives mail: a mail server; else this terminal, but only while the site is this
 * machine's own; else none, since links in a log would let its readers in.
 */
export function openMailer(config: Pick<Config, 'people' | 'server'>, log: Log, clock: Clock): Mailer {
  const { smtp } = config.people;
  if (smtp !== undefined) {
    const onDrop = () => log.warn('mail_dropped', { reason: 'too many to one mailbox' });
    return limitMail(createSmtpMailer(smtp, log), clock, onDrop);
  }
  const { publicUrl, host } = config.server;
  const isOwn =
    isThisMachine(host) && (publicUrl === undefined || isThisMachine(new URL(publicUrl).hostname));
  if (isOwn) return createTerminalMailer((line) => process.stderr.write(`${line}\n`));
  return { send: () => log.warn('mail_not_configured') };
}
