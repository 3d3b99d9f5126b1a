import type { SignedReceipt } from '@switchyard/protocol/console/requests.ts';
import { useSignedIn } from '../../session/session.tsx';
import { Button } from '../../ui/button.tsx';
import { Code, CopyLine } from '../../ui/copy.tsx';
import { Icon } from '../../ui/icon.tsx';
import { Section } from '../../ui/page.tsx';
import { saveFile } from '../../ui/save-file.ts';

/** The signed receipt, to be saved, and how to check it without this gateway. */
export function RequestReceipt({ receipt }: { receipt: SignedReceipt }) {
  const { session } = useSignedIn();
  const { alg, kid, value } = receipt.signature;
  const text = `${JSON.stringify(receipt, undefined, 2)}\n`;
  const save = () => saveFile('receipt.json', new Blob([text], { type: 'application/json' }));
  return (
    <Section
      title="Receipt"
      hint="Signed by this gateway. Whoever has it can check that nothing in it was changed, without asking the gateway again."
      action={
        <Button onClick={save}>
          <Icon name="download" size={16} />
          Save receipt.json
        </Button>
      }
    >
      <dl className="grid gap-3 text-sm">
        <div>
          <dt className="text-soft">Signature ({alg === 'EdDSA' ? 'Ed25519' : alg})</dt>
          <dd>
            <CopyLine label="the signature" text={value} />
          </dd>
        </div>
        <div>
          <dt className="text-soft">Key</dt>
          <dd>
            <CopyLine label="the name of the key" text={kid} />
          </dd>
        </div>
      </dl>
      <h3 className="text-sm font-semibold">Verify offline</h3>
      <p className="max-w-prose text-sm text-soft">
        Save the receipt, and the public key of this gateway once. The last line needs no network.{' '}
        <a
          href="/docs/guide/receipts#checking-a-signature"
          className="text-accent underline underline-offset-3"
        >
          With Node or openssl alone
        </a>{' '}
        it can be checked, too.
      </p>
      <Code
        label="Shell"
        text={[
          `curl ${session.site.publicUrl}/.well-known/switchyard-receipts > keys.json`,
          'switchyard receipt verify receipt.json --keys keys.json',
        ].join('\n')}
      />
    </Section>
  );
}
