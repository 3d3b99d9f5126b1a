import { createReadStream } from 'node:fs';
import type { Command } from 'commander';
import type { ReceiptProblem } from '../../receipts/signing.ts';
import { examplesText, withOutput } from '../command.ts';
import type { Shell } from '../command.ts';
import { CommandFailure, usageFailure } from '../failure.ts';
import type { CommonOptions } from '../session.ts';

/** A receipt has about 1 KB, a key set about 200 bytes for each key. */
const INPUT_MAX_BYTES = 256 * 1024;
const FETCH_TIMEOUT_MS = 10_000;

/** `switchyard receipt verify`: needs no gateway, no data folder, and no network when the keys are in a file. */
export function addReceiptVerifyCommand(receipt: Command, shell: Shell): void {
  receipt
    .command('verify <file>')
    .description('Check the signature of a receipt; "-" reads it from standard input')
    .requiredOption('--keys <file|url>', 'the public keys: a saved file, or where the gateway publishes them')
    .option('--json', 'write JSON for programs')
    .addHelpText(
      'after',
      examplesText([
        ['switchyard receipt verify receipt.json --keys keys.json', 'without any network'],
        [
          'switchyard receipt verify - --keys https://example.com/.well-known/switchyard-receipts',
          'from standard input',
        ],
      ]),
    )
    .action((file: string, options: CommonOptions & { keys: string }) =>
      withOutput(shell, options, async (output) => {
        const { verifyReceipt } = await import('../../receipts/signing.ts');
        const receipt = parse(await readFileOrInput(file), 'The receipt');
        const keys = parse(await readKeys(options.keys), 'The key set');
        const checked = verifyReceipt(receipt, keys);
        if (!checked.ok) {
          throw new CommandFailure(`The receipt is not proven: ${PROBLEMS[checked.error]}`, {
            code: checked.error.replaceAll('-', '_'),
          });
        }
        const id = textField(receipt, 'id');
        output.result({ ok: true, id, kid: checked.value.kid }, (screen) => {
          screen.line('The signature is right: the receipt is as it was issued.');
          screen.record([
            ['request', id],
            ['key', checked.value.kid],
          ]);
        });
      }),
    );
}

const PROBLEMS: Record<ReceiptProblem, string> = {
  'not-a-receipt': 'the file holds no receipt. It must be what GET /v1/requests/{id} answers.',
  'unsupported-version': 'it is of a form that this version does not know.',
  'not-signed': 'it has no signature. Entries of a list have none; ask for the receipt by its id.',
  'bad-key-set': 'the keys are no JWK set.',
  'unknown-key': 'it was signed with a key that is not among these keys.',
  'bad-signature': 'it was changed after it was signed, or signed by somebody else.',
};

async function readKeys(source: string): Promise<string> {
  if (!/^[a-z][a-z\d+.-]*:\/\//i.test(source)) return readFileOrInput(source);
  const url = URL.parse(source);
  if (
    url === null ||
    !(url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname)))
  ) {
    throw usageFailure(
      '--keys must be a file or an https address',
      'Whoever can change an answer on its way could prove anything; plain http is for this machine only.',
    );
  }
  try {
    const { request } = await import('undici');
    const reply = await request(url, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
    if (reply.statusCode === 200) return await readBounded(reply.body);
    await reply.body.dump();
    throw new CommandFailure(`The address of the keys answered with status ${reply.statusCode}`, {
      code: 'keys_unreachable',
    });
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    throw new CommandFailure('The address of the keys cannot be read', {
      code: 'keys_unreachable',
      hint: 'Save the keys to a file once and name that file: then no network is needed.',
    });
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

async function readFileOrInput(path: string): Promise<string> {
  try {
    return await readBounded(path === '-' ? process.stdin : createReadStream(path));
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    throw new CommandFailure('A file cannot be read: look at its name and rights', {
      code: 'file_unreadable',
    });
  }
}

async function readBounded(source: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of source) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size > INPUT_MAX_BYTES) {
      throw new CommandFailure('The input is too large to be a receipt or a key set', { code: 'too_large' });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CommandFailure(`${what} is not valid JSON`, { code: 'invalid_json' });
  }
}

function textField(value: unknown, name: string): string {
  const field: unknown =
    typeof value === 'object' && value !== null
      ? new Map<string, unknown>(Object.entries(value)).get(name)
      : '';
  return typeof field === 'string' ? field : '';
}
