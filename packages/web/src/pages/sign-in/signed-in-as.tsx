import type { SessionPerson } from '@switchyard/protocol/console/session.ts';
import { calledName } from '../../session/session.tsx';

/** Who is about to do what the page asks. A long address breaks instead of leaving a phone's screen. */
export function SignedInAs({ person }: { person: SessionPerson }) {
  return (
    <p className="text-sm">
      You are signed in as <strong className="font-semibold break-all">{calledName(person)}</strong>.
    </p>
  );
}
