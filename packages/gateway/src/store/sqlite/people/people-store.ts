import type { MemberRole } from '@switchyard/protocol/console/common.ts';
import type { Database } from 'better-sqlite3';
import { createEmailClaims } from './email-claims.ts';
import type { Invitation, Membership, PeopleStore, Standing, StoredPerson } from '../../../people/store.ts';

type PersonRow = {
  id: string;
  email: string;
  name: string;
  emailVerified: number;
  twoFactorEnabled: number | null;
  createdAt: string;
};
type StandingRow = {
  person_id: string;
  site: Standing['site'];
  home_account_id: string;
  home_made: number;
};
type MembershipRow = { account_id: string; person_id: string; role: MemberRole; since: number };
type InvitationRow = {
  id: string;
  account_id: string;
  email: string;
  role: MemberRole;
  invited_by: string;
  created_at: number;
  expires_at: number;
  digest: string;
};

/** Digests of network addresses are only kept for as long as they are counted. */
const ADDRESS_KEPT_MS = 24 * 3_600_000;
const DAY_MS = 86_400_000;

/** The tables of `migrations.ts`. Every statement is prepared once and takes bound values only. */
export function createPeopleStore(database: Database): PeopleStore {
  const personColumns = 'id, email, name, "emailVerified", "twoFactorEnabled", "createdAt"';
  const sql = {
    person: database.prepare<[string], PersonRow>(`SELECT ${personColumns} FROM "user" WHERE id = ?`),
    personByEmail: database.prepare<[string], PersonRow>(
      `SELECT ${personColumns} FROM "user" WHERE email = ?`,
    ),
    people: database.prepare<[number], PersonRow>(
      `SELECT ${personColumns} FROM "user" ORDER BY "createdAt", id LIMIT ?`,
    ),
    countPeople: database.prepare<[], number>('SELECT count(*) FROM "user"').pluck(),
    markVerified: database.prepare<[string]>('UPDATE "user" SET "emailVerified" = 1 WHERE id = ?'),
    setEmail: database.prepare<[string, string, string]>(
      'UPDATE "user" SET email = ?, "emailVerified" = 1, "updatedAt" = ? WHERE id = ?',
    ),
    wallets: database
      .prepare<[string], string>('SELECT DISTINCT address FROM "walletAddress" WHERE "userId" = ? ORDER BY 1')
      .pluck(),
    methods: database
      .prepare<[string], string>('SELECT DISTINCT "providerId" FROM "account" WHERE "userId" = ? ORDER BY 1')
      .pluck(),
    passkeys: database.prepare<[string], { name: string | null; createdAt: string | null }>(
      'SELECT name, "createdAt" FROM "passkey" WHERE "userId" = ?',
    ),
    sessions: database.prepare<
      [string],
      { createdAt: string; expiresAt: string; ipAddress: string | null; userAgent: string | null }
    >('SELECT "createdAt", "expiresAt", "ipAddress", "userAgent" FROM "session" WHERE "userId" = ?'),
    otherWays: [
      `DELETE FROM "passkey" WHERE "userId" = ?`,
      `DELETE FROM "walletAddress" WHERE "userId" = ?`,
      `DELETE FROM "twoFactor" WHERE "userId" = ?`,
      `DELETE FROM "account" WHERE "userId" = ? AND "providerId" <> 'credential'`,
      `DELETE FROM "verification" WHERE value = ?`,
      `UPDATE "user" SET "twoFactorEnabled" = 0 WHERE id = ?`,
    ].map((text) => database.prepare<[string]>(text)),
    deletePerson: database.prepare<[string]>('DELETE FROM "user" WHERE id = ?'),
    deleteCodes: database.prepare<[string, string, string]>(
      'DELETE FROM "verification" WHERE value = ? OR identifier = ? OR value = ?',
    ),
    standing: database.prepare<[string], StandingRow>('SELECT * FROM standing WHERE person_id = ?'),
    putStanding: database.prepare<[string, string, string, number]>(
      `INSERT INTO standing (person_id, site, home_account_id, home_made) VALUES (?, ?, ?, ?)
       ON CONFLICT (person_id) DO UPDATE
       SET site = excluded.site, home_account_id = excluded.home_account_id, home_made = excluded.home_made`,
    ),
    memberships: database.prepare<[string], MembershipRow>(
      'SELECT * FROM membership WHERE person_id = ? ORDER BY since, account_id',
    ),
    members: database.prepare<[string], MembershipRow>(
      'SELECT * FROM membership WHERE account_id = ? ORDER BY since, person_id',
    ),
    putMembership: database.prepare<[string, string, string, number]>(
      `INSERT INTO membership (account_id, person_id, role, since) VALUES (?, ?, ?, ?)
       ON CONFLICT (account_id, person_id) DO UPDATE SET role = excluded.role`,
    ),
    deleteMembership: database.prepare<[string, string]>(
      'DELETE FROM membership WHERE account_id = ? AND person_id = ?',
    ),
    invitation: database.prepare<[string], InvitationRow>('SELECT * FROM invitation WHERE id = ?'),
    invitationByDigest: database.prepare<[string], InvitationRow>(
      'SELECT * FROM invitation WHERE digest = ?',
    ),
    openInvitation: database
      .prepare<[string, number], number>(
        'SELECT 1 FROM invitation WHERE email = ? AND expires_at > ? LIMIT 1',
      )
      .pluck(),
    invitations: database.prepare<[string], InvitationRow>(
      'SELECT * FROM invitation WHERE account_id = ? ORDER BY created_at, id',
    ),
    countMail: database
      .prepare<[string, number], number>(
        `INSERT INTO invitation_mail (account_id, day, mails) VALUES (?, ?, 1)
         ON CONFLICT (account_id, day) DO UPDATE SET mails = mails + 1 RETURNING mails`,
      )
      .pluck(),
    putInvitation: database.prepare<[string, string, string, string, string, number, number, string]>(
      `INSERT INTO invitation (id, account_id, email, role, invited_by, created_at, expires_at, digest)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    deleteInvitation: database.prepare<[string]>('DELETE FROM invitation WHERE id = ?'),
    putLink: database.prepare<[string, number]>(
      'INSERT INTO operator_link (digest, expires_at) VALUES (?, ?)',
    ),
    hasLink: database
      .prepare<[string, number], number>('SELECT 1 FROM operator_link WHERE digest = ? AND expires_at > ?')
      .pluck(),
    takeLink: database.prepare<[string, number]>(
      'DELETE FROM operator_link WHERE digest = ? AND expires_at > ?',
    ),
    hasOperator: database
      .prepare<[], number>("SELECT 1 FROM standing WHERE site = 'operator' LIMIT 1")
      .pluck(),
    freeCredit: database
      .prepare<[string], string>('SELECT account_id FROM free_credit WHERE email_digest = ?')
      .pluck(),
    countFreeCredits: database
      .prepare<[string, number], number>(
        'SELECT count(*) FROM free_credit WHERE address_digest = ? AND at > ?',
      )
      .pluck(),
    putFreeCredit: database.prepare<[string, string, string, number]>(
      'INSERT INTO free_credit (email_digest, account_id, address_digest, at) VALUES (?, ?, ?, ?)',
    ),
  };
  const expired = [
    database.prepare<[string]>('DELETE FROM "session" WHERE "expiresAt" < ?'),
    database.prepare<[string]>('DELETE FROM "verification" WHERE "expiresAt" < ?'),
  ];
  const expiredMs = [
    database.prepare<[number]>('DELETE FROM invitation WHERE expires_at < ?'),
    database.prepare<[number]>('DELETE FROM operator_link WHERE expires_at < ?'),
  ];
  const forgetMails = database.prepare<[number]>('DELETE FROM invitation_mail WHERE day < ?');
  const forgetAddresses = database.prepare<[number]>(
    'UPDATE free_credit SET address_digest = NULL WHERE address_digest IS NOT NULL AND at < ?',
  );

  const { asked, sweep: sweepClaims, ...claims } = createEmailClaims(database);

  return {
    ...claims,
    transaction: (work) => database.transaction(work).immediate(),
    person: (id) => mapped(sql.person.get(id), personOf),
    personByEmail: (email) => mapped(sql.personByEmail.get(email), personOf),
    people: (limit) => sql.people.all(limit).map(personOf),
    countPeople: () => sql.countPeople.get() ?? 0,
    markEmailVerified: (personId) => void sql.markVerified.run(personId),
    setEmail: (personId, email, atMs) => void sql.setEmail.run(email, new Date(atMs).toISOString(), personId),
    wallets: (personId) => sql.wallets.all(personId),
    signInRecord: (personId) => ({
      methods: sql.methods.all(personId),
      wallets: sql.wallets.all(personId),
      askedEmails: asked(personId),
      passkeys: sql.passkeys.all(personId),
      sessions: sql.sessions.all(personId),
    }),
    forgetOtherWays(personId) {
      database.transaction(() => sql.otherWays.forEach((statement) => statement.run(personId)))();
    },
    deletePerson(personId) {
      const email = sql.person.get(personId)?.email ?? '';
      sql.deleteCodes.run(personId, email, email);
      sql.deletePerson.run(personId);
    },
    standing: (personId) => mapped(sql.standing.get(personId), standingOf),
    putStanding: ({ personId, site, homeAccountId, homeMade }) =>
      void sql.putStanding.run(personId, site, homeAccountId, homeMade ? 1 : 0),
    memberships: (personId) => sql.memberships.all(personId).map(membershipOf),
    members: (accountId) => sql.members.all(accountId).map(membershipOf),
    putMembership: ({ accountId, personId, role, sinceMs }) =>
      void sql.putMembership.run(accountId, personId, role, sinceMs),
    deleteMembership: ({ accountId, personId }) => void sql.deleteMembership.run(accountId, personId),
    invitation: (id) => mapped(sql.invitation.get(id), invitationOf),
    invitationByDigest: (digest) => mapped(sql.invitationByDigest.get(digest), invitationOf),
    hasOpenInvitation: (email, nowMs) => sql.openInvitation.get(email, nowMs) !== undefined,
    invitations: (accountId) => sql.invitations.all(accountId).map(invitationOf),
    countInvitationMail: (accountId, day) => sql.countMail.get(accountId, day) ?? 0,
    putInvitation: (one) =>
      void sql.putInvitation.run(
        one.id,
        one.accountId,
        one.email,
        one.role,
        one.invitedBy,
        one.createdAtMs,
        one.expiresAtMs,
        one.digest,
      ),
    deleteInvitation: (id) => void sql.deleteInvitation.run(id),
    putOperatorLink: ({ digest, expiresAtMs }) => void sql.putLink.run(digest, expiresAtMs),
    hasOperatorLink: (digest, nowMs) => sql.hasLink.get(digest, nowMs) !== undefined,
    takeOperatorLink: (digest, nowMs) => sql.takeLink.run(digest, nowMs).changes > 0,
    hasOperator: () => sql.hasOperator.get() !== undefined,
    freeCredit: (emailDigest) => mapped(sql.freeCredit.get(emailDigest), (accountId) => ({ accountId })),
    countFreeCredits: (addressDigest, sinceMs) => sql.countFreeCredits.get(addressDigest, sinceMs) ?? 0,
    putFreeCredit: (claim) =>
      void sql.putFreeCredit.run(claim.emailDigest, claim.accountId, claim.addressDigest, claim.atMs),
    sweep(nowMs) {
      const now = new Date(nowMs).toISOString();
      for (const statement of expired) statement.run(now);
      for (const statement of expiredMs) statement.run(nowMs);
      sweepClaims(nowMs - DAY_MS);
      forgetMails.run(Math.floor(nowMs / DAY_MS));
      forgetAddresses.run(nowMs - ADDRESS_KEPT_MS);
    },
    close: () => void database.close(),
  };
}

function mapped<Row, Value>(row: Row | undefined, map: (row: Row) => Value): Value | undefined {
  return row === undefined ? undefined : map(row);
}

function personOf(row: PersonRow): StoredPerson {
  return {
    id: row.id,
    email: row.email,
    name: row.name,
    emailVerified: row.emailVerified === 1,
    twoFactor: row.twoFactorEnabled === 1,
    createdAtMs: Date.parse(row.createdAt),
  };
}

function standingOf(row: StandingRow): Standing {
  return {
    personId: row.person_id,
    site: row.site,
    homeAccountId: row.home_account_id,
    homeMade: row.home_made === 1,
  };
}

function membershipOf(row: MembershipRow): Membership {
  return { accountId: row.account_id, personId: row.person_id, role: row.role, sinceMs: row.since };
}

function invitationOf(row: InvitationRow): Invitation {
  return {
    id: row.id,
    accountId: row.account_id,
    email: row.email,
    role: row.role,
    invitedBy: row.invited_by,
    createdAtMs: row.created_at,
    expiresAtMs: row.expires_at,
    digest: row.digest,
  };
}
