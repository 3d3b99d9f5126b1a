import { useState } from 'react';
import { signUp } from '../../api/auth.ts';
import { ApiError } from '../../api/client.ts';
import { Button } from '../../ui/button.tsx';
import { TextField } from '../../ui/field.tsx';
import { ErrorNotice } from '../../ui/states.tsx';
import { useAttempt } from '../../ui/use-attempt.ts';

const PASSWORD_MIN_CHARS = 10;

export type SignedUp = { email: string; password: string };

/** Name, address and password. Signing up signs nobody in: the answer never tells whether an address is known. */
export function SignUpForm({
  ticket,
  email: givenEmail = '',
  onDone,
}: {
  ticket: string | undefined;
  email?: string;
  onDone: (person: SignedUp) => Promise<void>;
}) {
  const [name, setName] = useState('');
  const [email, setEmail] = useState(givenEmail);
  const [password, setPassword] = useState('');
  const { busy, error, onSubmit } = useAttempt();
  const refused = error instanceof ApiError ? error : undefined;
  const errorOf = (param: string) => (refused?.param === param ? refused.message : undefined);
  const isTied = errorOf('email') !== undefined || errorOf('password') !== undefined;
  const submit = async () => {
    await signUp({ name: name.trim(), email: email.trim(), password, ticket });
    await onDone({ email: email.trim(), password });
  };
  return (
    <form onSubmit={onSubmit(submit)} className="grid gap-4">
      {error !== undefined && !isTied && <ErrorNotice error={error} />}
      <TextField
        label="Name"
        autoComplete="name"
        required
        maxLength={100}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <TextField
        label="E-mail"
        type="email"
        autoComplete="username"
        required
        value={email}
        onChange={(event) => setEmail(event.target.value)}
        error={errorOf('email')}
      />
      <TextField
        label="Password"
        type="password"
        autoComplete="new-password"
        required
        minLength={PASSWORD_MIN_CHARS}
        hint={`${PASSWORD_MIN_CHARS} characters or more. A sentence is fine; pasting works.`}
        value={password}
        onChange={(event) => setPassword(event.target.value)}
        error={errorOf('password')}
      />
      <Button look="primary" type="submit" busy={busy}>
        Sign up
      </Button>
    </form>
  );
}
