import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { changePassword, endOtherSessions, requestReset, updateName } from '../../api/auth.ts';
import { useSignedIn } from '../../session/session.tsx';
import { Button } from '../../ui/button.tsx';
import { TextField } from '../../ui/field.tsx';
import { Card, Page, Section } from '../../ui/page.tsx';
import { ErrorNotice } from '../../ui/states.tsx';
import { toast } from '../../ui/toast.tsx';
import { useAttempt } from '../../ui/use-attempt.ts';
import { AddEmail } from './email.tsx';
import { Passkeys } from './passkeys.tsx';
import { TwoFactor } from './two-factor.tsx';

export default function ProfilePage() {
  const { session, person } = useSignedIn();
  return (
    <Page title="Profile and security">
      <div className="grid max-w-2xl gap-8">
        <Name />
        {person.wallets.length > 0 && <Wallets addresses={person.wallets} />}
        {person.email === null && <AddEmail />}
        {session.site.methods.passkey && <Passkeys />}
        {/* Both ask for a password, which can be set by mail only. */}
        {person.email !== null && <TwoFactor />}
        {person.email !== null && session.site.methods.password && <Password email={person.email} />}
        <Sessions />
      </div>
    </Page>
  );
}

function Name() {
  const { person } = useSignedIn();
  const client = useQueryClient();
  const [name, setName] = useState(person.name);
  const { busy, error, onSubmit } = useAttempt();
  const save = async () => {
    await updateName(name.trim());
    await client.invalidateQueries({ queryKey: ['session'] });
    toast('Saved');
  };
  return (
    <Section title="You" hint={person.email ?? undefined}>
      <Card>
        <form onSubmit={onSubmit(save)} className="grid gap-4">
          {error !== undefined && <ErrorNotice error={error} />}
          <TextField
            label="Name"
            autoComplete="name"
            required
            maxLength={100}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
          <div>
            <Button type="submit" busy={busy}>
              Save
            </Button>
          </div>
        </form>
      </Card>
    </Section>
  );
}

function Wallets({ addresses }: { addresses: readonly string[] }) {
  return (
    <Section title="Wallet" hint="You can sign in with it.">
      <Card>
        {addresses.map((address) => (
          <p key={address} className="font-mono text-sm break-all">
            {address}
          </p>
        ))}
      </Card>
    </Section>
  );
}

function Password({ email }: { email: string }) {
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const { busy, error, run, onSubmit } = useAttempt();
  const save = async () => {
    await changePassword(current, next);
    setCurrent('');
    setNext('');
    toast('The password is changed. Other sessions have ended');
  };
  const sendLink = async () => {
    await requestReset(email);
    toast('A link to set a password is on its way');
  };
  return (
    <Section
      title="Password"
      hint="Forgotten, or you have none yet? Have a link sent to you with which you set one."
      action={
        <Button busy={busy} onClick={() => void run(sendLink)}>
          Send me a link
        </Button>
      }
    >
      <Card>
        <form onSubmit={onSubmit(save)} className="grid gap-4">
          {error !== undefined && <ErrorNotice error={error} />}
          <TextField
            label="Present password"
            type="password"
            autoComplete="current-password"
            required
            value={current}
            onChange={(event) => setCurrent(event.target.value)}
          />
          <TextField
            label="New password"
            type="password"
            autoComplete="new-password"
            required
            minLength={10}
            hint="10 characters or more."
            value={next}
            onChange={(event) => setNext(event.target.value)}
          />
          <div>
            <Button type="submit" busy={busy}>
              Change it
            </Button>
          </div>
        </form>
      </Card>
    </Section>
  );
}

function Sessions() {
  const { busy, error, run } = useAttempt();
  const end = async () => {
    await endOtherSessions();
    toast('Other sessions have ended');
  };
  return (
    <Section title="Sessions" hint="If you left yourself signed in somewhere else.">
      {error !== undefined && <ErrorNotice error={error} />}
      <div>
        <Button busy={busy} onClick={() => void run(end)}>
          End all other sessions
        </Button>
      </div>
    </Section>
  );
}
