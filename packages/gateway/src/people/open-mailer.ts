import type { Config } from '../config/config.ts';
import { isThisMachine } from '../core/this-machine.ts';
import type { Log } from '../core/log.ts';
import type { Mailer } from './mail.ts';
import { createSmtpMailer } from './smtp-mailer.ts';
import { createTerminalMailer } from './terminal-mailer.ts';

/**
 * The way that the configuration gives mail: a mail server; else this terminal, but only while the site is this
 * machine's own; else none, since links in a log would let its readers in.
 */
export function openMailer(config: Pick<Config, 'people' | 'server'>, log: Log): Mailer {
  if (config.people.smtp !== undefined) return createSmtpMailer(config.people.smtp, log);
  const { publicUrl, host } = config.server;
  const isOwn =
    isThisMachine(host) && (publicUrl === undefined || isThisMachine(new URL(publicUrl).hostname));
  if (isOwn) return createTerminalMailer((line) => process.stderr.write(`${line}\n`));
  return { send: () => log.warn('mail_not_configured') };
}
