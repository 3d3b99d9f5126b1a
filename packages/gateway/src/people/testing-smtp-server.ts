import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer, TLSSocket } from 'node:tls';
import type { TestCertificate } from './testing-certificate.ts';

/** What goes wrong. */
export type SmtpFault =
  | 'no-greeting'
  | 'closed'
  | 'auth-refused'
  | 'later'
  | 'no-such-mailbox'
  | 'cut'
  | 'no-starttls';

/** `tls`: from the first byte. `starttls`: once the client asks for it; no password is taken before. */
export type SmtpEncryption = { mode: 'tls' | 'starttls'; certificate: TestCertificate };

export type ReceivedMail = { isEncrypted: boolean; user: string; from: string; to: string[]; text: string };

/**
 * A mail server that takes mail on this machine, as far as a client of submission needs one. For tests.
 * Source: RFC 5321, RFC 4954 (AUTH PLAIN), RFC 3207 (STARTTLS) and RFC 8314 (TLS from the first byte), read 2026-11.
 */
export type SmtpServer = {
  port: number;
  fault: SmtpFault | undefined;
  readonly mails: ReceivedMail[];
  /** Every line that clients sent, but mails. */
  readonly lines: string[];
  nextMail(): Promise<ReceivedMail>;
  connections(): number;
  /** Ends every connection, too. */
  close(): void;
};

export async function startSmtpServer(encryption?: SmtpEncryption): Promise<SmtpServer> {
  const sockets = new Set<Socket>();
  const waiting: ((mail: ReceivedMail) => void)[] = [];
  const smtp: SmtpServer = {
    port: 0,
    fault: undefined,
    mails: [],
    lines: [],
    nextMail: () => new Promise((resolve) => waiting.push(resolve)),
    connections: () => sockets.size,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };

  function took(mail: ReceivedMail): void {
    smtp.mails.push(mail);
    for (const resolve of waiting.splice(0)) resolve(mail);
  }

  const serve = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    if (smtp.fault === 'no-greeting') return;
    if (smtp.fault === 'closed') return void socket.end('554 no service\r\n');
    converse(socket, { smtp, took, upgrade: encryption?.mode === 'starttls' ? encryption : undefined });
  };
  const server =
    encryption?.mode === 'tls' ? createTlsServer(encryption.certificate, serve) : createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  smtp.port = address.port;
  return smtp;
}

type Talk = {
  smtp: SmtpServer;
  took: (mail: ReceivedMail) => void;
  /** What the client can still ask for. */
  upgrade: SmtpEncryption | undefined;
};

function converse(socket: Socket, talk: Talk, greeting = '220 localhost ready'): void {
  const { smtp, took, upgrade } = talk;
  const isEncrypted = socket instanceof TLSSocket;
  const say = (line: string): void => void socket.write(`${line}\r\n`);
  let mail: ReceivedMail = { isEncrypted, user: '', from: '', to: [], text: '' };
  let isData = false;
  let rest = '';

  function command(line: string): void {
    smtp.lines.push(line);
    const [verb = ''] = line.toUpperCase().split(' ', 1);
    const address = /<(.*)>/.exec(line)?.[1] ?? '';
    switch (verb) {
      case 'EHLO':
        return say(
          `250-localhost\r\n250-${upgrade === undefined ? 'AUTH PLAIN' : 'STARTTLS'}\r\n250 8BITMIME`,
        );
      case 'STARTTLS':
        return upgrade === undefined ? say('502 5.5.1 unknown') : encrypt(upgrade);
      case 'AUTH': {
        if (upgrade !== undefined) return say('538 5.7.11 not without encryption');
        if (smtp.fault === 'auth-refused') return say('535 5.7.8 wrong');
        const [, user = ''] = Buffer.from(line.split(' ')[2] ?? '', 'base64')
          .toString()
          .split('\u0000');
        mail.user = user;
        return say('235 2.7.0 in');
      }
      case 'MAIL':
        mail.from = address;
        return say('250 2.1.0 ok');
      case 'RCPT':
        if (smtp.fault === 'later') return say(`450 4.2.0 <${address}> come again later`);
        if (smtp.fault === 'no-such-mailbox') return say(`550 5.1.1 <${address}> is nobody`);
        mail.to.push(address);
        return say('250 2.1.5 ok');
      case 'DATA':
        isData = true;
        return say('354 go on');
      case 'QUIT':
        return void socket.end('221 2.0.0 bye\r\n');
      default:
        return say('502 5.5.1 unknown');
    }
  }

  /** The talk begins anew, without what was said before. */
  function encrypt({ certificate }: SmtpEncryption): void {
    say('220 2.0.0 go on');
    socket.removeAllListeners('data');
    const encrypted = new TLSSocket(socket, { isServer: true, ...certificate });
    encrypted.on('error', () => undefined);
    converse(encrypted, { ...talk, upgrade: undefined }, '');
  }

  function data(line: string): void {
    if (line !== '.') {
      mail.text += `${line.startsWith('.') ? line.slice(1) : line}\r\n`;
      return;
    }
    isData = false;
    if (smtp.fault === 'cut') return void socket.destroy();
    took(mail);
    mail = { isEncrypted, user: mail.user, from: '', to: [], text: '' };
    say('250 2.0.0 taken');
  }

  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\r\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (isData) data(line);
      else command(line);
    }
  });
  if (greeting !== '') say(greeting);
}
