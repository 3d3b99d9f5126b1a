import type { Mailer } from './mail.ts';

/**
 * For trying out on one machine: shows whom a mail would go to and its link, as one line of the terminal. Links are
 * secrets, so it must never be used where others read what a program writes.
 */
export function createTerminalMailer(writeLine: (line: string) => void): Mailer {
  return {
    send(mail) {
      const link = /https?:\/\/\S+/.exec(mail.text)?.[0] ?? '';
      writeLine(`mail to ${printable(mail.to)}: ${printable(mail.subject)}: ${printable(link)}`);
    },
  };
}

/** People choose addresses; a terminal obeys control characters. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}
