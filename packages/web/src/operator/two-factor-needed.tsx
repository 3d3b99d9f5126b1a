import { Page } from '../ui/page.tsx';
import { LINK, LeaveButton } from './links.tsx';

/** Where the gateway wants a second step of its operators, and this one has none yet. */
export function TwoFactorNeeded() {
  return (
    <Page
      title="Set up a second step first"
      lead="An operator moves money and bans nodes. A stolen password alone must not be enough for that."
    >
      <ol className="grid list-decimal gap-2 pl-5 text-sm">
        <li>Open “Profile and security” and choose to set up two-factor sign-in.</li>
        <li>Give your authenticator app what the page shows, and type the code of the app there.</li>
        <li>Keep the saved codes where you find them without your phone.</li>
        <li>Come back here. From then on each sign-in asks for a code.</li>
      </ol>
      <div className="flex flex-wrap items-center gap-4">
        <LeaveButton href="/app/profile">Set it up</LeaveButton>
        <a href="/operator" className={`text-sm ${LINK}`}>
          I have done it
        </a>
      </div>
    </Page>
  );
}
