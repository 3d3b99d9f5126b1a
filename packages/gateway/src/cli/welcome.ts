import type { FirstRunSecrets } from '../admin/first-run.ts';

/** What a person sees after the very first start: the only time that these secrets are shown. */
export function firstRunText(
  secrets: FirstRunSecrets,
  { address, model, operatorLink }: { address: string; model: string | undefined; operatorLink: string },
): string {
  const lines = [
    '',
    'This is the first start on this data folder. An account was made for trying things out:',
    '',
    `  account   ${secrets.account.name} (${secrets.account.id}), with the welcome credit of the configuration`,
    `  API key   ${secrets.apiKey}`,
  ];
  // Both under one host name: cookies and passkeys belong to it.
  lines.push(`  web page  ${new URL(operatorLink).origin}/`, `  operator  ${operatorLink}`);
  lines.push(
    '',
    'Keep them now: they are stored nowhere and never shown again. The operator link works once, for 24 hours: whoever',
    'opens it signs up, runs this site, and owns the account above. A first request:',
    '',
  );
  lines.push(...exampleRequest(address, secrets.apiKey, model), '');
  return lines.join('\n');
}

function exampleRequest(address: string, apiKey: string, model: string | undefined): string[] {
  if (model === undefined) return [`  curl ${address}/v1/balance -H "authorization: Bearer ${apiKey}"`];
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello!' }] });
  return [
    `  curl ${address}/v1/chat/completions -H "authorization: Bearer ${apiKey}" \\`,
    `    -H "content-type: application/json" -d '${body}'`,
  ];
}
