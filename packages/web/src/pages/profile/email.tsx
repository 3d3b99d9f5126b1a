import { useState } from 'react';
import { askForEmail } from '../../api/person.ts';
import { withFreshSignIn } from '../../session/fresh.tsx';
import { useSignedIn } from '../../session/session.tsx';
import { Button } from '../../ui/button.tsx';
import { TextField } from '../../ui/field.tsx';
import { usdText } from '../../ui/money.tsx';
import { Notice } from '../../ui/notice.tsx';
import { Card, Section } from '../../ui/page.tsx';
import { ErrorNotice } from '../../ui/states.tsx';
import { useAttempt } from '../../ui/use-attempt.ts';

/** For somebody who came with a wallet and has no address yet. */
export function AddEmail() {
  const { site } = useSignedIn().session;
  const [email, setEmail] = useState('');
  const [sentTo, setSentTo] = useState<string>();
  const { busy, error, onSubmit } = useAttempt();
  const send = async () => {
    setSentTo(undefined);
    await withFreshSignIn(() => askForEmail(email.trim()));
    setSentTo(email.trim());
  };
  const credit =
    site.freeCreditMicros > 0 ? ` A new account gets ${usdText(site.freeCreditMicros)} then.` : '';
  return (
    <Section
      title="E-mail"
      hint={`You have none here. With one you can be invited to accounts, set a password and a second step, and get in again when the wallet is lost.${credit}`}
    >
      <Card className="grid gap-4">
        {error !== undefined && <ErrorNotice error={error} />}
        {sentTo !== undefined && (
          <Notice tone="good">
            <span role="status">
              A mail is on its way to {sentTo}. Open its link in this browser within an hour.
            </span>
          </Notice>
        )}
        <form onSubmit={onSubmit(send)} className="grid items-end gap-3 sm:grid-cols-[1fr_auto]">
          <TextField
            label="E-mail"
            type="email"
            autoComplete="email"
            required
            maxLength={254}
            value={email}
            onChange={(event) => setEmail(event.target.value)}
          />
          <Button type="submit" busy={busy}>
            Send the link
          </Button>
        </form>
      </Card>
    </Section>
  );
}
