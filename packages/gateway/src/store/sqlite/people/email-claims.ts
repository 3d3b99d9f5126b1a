import type { Database } from 'better-sqlite3';
import type { EmailClaim, PeopleStore } from '../../../people/store.ts';

type ClaimRow = {
  digest: string;
  person_id: string;
  email: string;
  mailbox: string;
  at: number;
  open: number;
};

type EmailClaims = Pick<
  PeopleStore,
  'putEmailClaim' | 'emailClaim' | 'countEmailClaims' | 'deleteEmailClaims'
> & { asked(personId: string): string[]; sweep(untilMs: number): void };

/** Addresses that people have asked for: the table `email_claim`. */
export function createEmailClaims(database: Database): EmailClaims {
  const close = database.prepare<[string]>('UPDATE email_claim SET open = 0 WHERE person_id = ?');
  const put = database.prepare<[string, string, string, string, number, number]>(
    'INSERT INTO email_claim (digest, person_id, email, mailbox, at, open) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const one = database.prepare<[string], ClaimRow>('SELECT * FROM email_claim WHERE digest = ?');
  const byPerson = database
    .prepare<[string, number], number>('SELECT count(*) FROM email_claim WHERE person_id = ? AND at > ?')
    .pluck();
  const toMailbox = database
    .prepare<[string, number], number>('SELECT count(*) FROM email_claim WHERE mailbox = ? AND at > ?')
    .pluck();
  const asked = database
    .prepare<[string], string>('SELECT DISTINCT email FROM email_claim WHERE person_id = ? ORDER BY 1')
    .pluck();
  const remove = database.prepare<[string]>('DELETE FROM email_claim WHERE person_id = ?');
  const sweep = database.prepare<[number]>('DELETE FROM email_claim WHERE at < ?');
  return {
    putEmailClaim({ digest, personId, email, mailbox, atMs, isOpen }) {
      close.run(personId);
      put.run(digest, personId, email, mailbox, atMs, isOpen ? 1 : 0);
    },
    emailClaim(digest) {
      const row = one.get(digest);
      return row === undefined ? undefined : claimOf(row);
    },
    countEmailClaims: ({ personId, mailbox }, sinceMs) => ({
      byPerson: byPerson.get(personId, sinceMs) ?? 0,
      toMailbox: toMailbox.get(mailbox, sinceMs) ?? 0,
    }),
    deleteEmailClaims: (personId) => void remove.run(personId),
    asked: (personId) => asked.all(personId),
    sweep: (untilMs) => void sweep.run(untilMs),
  };
}

function claimOf(row: ClaimRow): EmailClaim {
  return {
    digest: row.digest,
    personId: row.person_id,
    email: row.email,
    mailbox: row.mailbox,
    atMs: row.at,
    isOpen: row.open === 1,
  };
}
