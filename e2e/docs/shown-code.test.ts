import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  firstRequestCode,
  LANGUAGES,
  requestCode,
} from '../../packages/gateway/src/api-reference/code-examples.ts';
import { operations } from '../../packages/gateway/src/api-reference/operations.ts';
import { emptyAnswer, SURFACE_IDS, type Turn } from '../../packages/web/src/pages/chat/conversation.ts';
import type { Ask } from '../../packages/web/src/pages/chat/surface.ts';
import { SURFACES } from '../../packages/web/src/pages/chat/surfaces.ts';
import { curlCode, pythonCode, typescriptCode } from '../../packages/web/src/pages/chat/view-code.ts';
import { curlSnippet, pythonSnippet, typescriptSnippet } from '../../packages/web/src/ui/snippets.ts';
import { DEMO_CONFIG } from '../support/configs.ts';
import { startDemoConnector, startGateway, type Gateway } from '../support/gateway.ts';
import { cleanUp } from '../support/processes.ts';
import { openCodeFolder, type CodeLanguage } from '../support/run-code.ts';

/** The code that pages show, pasted and run: the first request, an operation's example, "view code" of a chat. */

let gateway: Gateway;
let key: string;
const folder = openCodeFolder('shown-code');
beforeAll(async () => {
  gateway = await startGateway({ config: DEMO_CONFIG });
  await startDemoConnector(gateway, (await gateway.node('demo')).token);
  ({ key } = await gateway.customer('10'));
});
afterAll(async () => {
  folder.remove();
  await cleanUp();
});

const SNIPPETS = { curl: curlSnippet, python: pythonSnippet, typescript: typescriptSnippet };
const VIEWED = { curl: curlCode, python: pythonCode, typescript: typescriptCode };
const PROGRAMS = { curl: 'sh', python: 'python', typescript: 'ts' } as const;

type Shown = {
  name: string;
  language: CodeLanguage;
  /** The variable that the reader set to the key. */
  variable: string;
  code: (publicUrl: string, secret: string) => string;
  prints: RegExp;
};

/** Words; not `undefined`. */
const ANSWER = /[a-z]+ [a-z]+/;

const firstRequests = LANGUAGES.flatMap((language): Shown[] => [
  {
    name: `the first request of the reference, ${language}`,
    language: PROGRAMS[language],
    variable: 'SWITCHYARD_API_KEY',
    code: (publicUrl) => firstRequestCode(publicUrl, 'demo', language),
    prints: ANSWER,
  },
  ...['', ' with the secret'].map((how): Shown => ({
    name: `the first request of the dashboard${how}, ${language}`,
    language: PROGRAMS[language],
    variable: 'OPENAI_API_KEY',
    code: (publicUrl, secret) =>
      SNIPPETS[language]({ publicUrl, model: 'demo', ...(how === '' ? {} : { secret }) }),
    prints: ANSWER,
  })),
]);

/** One that gets, one that sends. */
const OPERATIONS = operations.filter(({ id }) => id === 'listModels' || id === 'createMessage');
const references = OPERATIONS.flatMap((operation) =>
  LANGUAGES.map((language): Shown => ({
    name: `the example of ${operation.id}, ${language}`,
    language: PROGRAMS[language],
    variable: 'SWITCHYARD_API_KEY',
    code: (publicUrl) =>
      requestCode(
        {
          method: operation.method,
          url: publicUrl + operation.path,
          needsKey: operation.scope !== undefined,
          body: operation.body?.example,
        },
        language,
      ),
    prints: operation.body === undefined ? /"object":"list"/ : /"type":"message"/,
  })),
);

/** A chat of two turns with everything that its page can set. */
const ask: Ask = {
  model: 'demo',
  system: "You are Mote, and it's late.",
  temperature: 0,
  topP: 0.9,
  maxTokens: 200,
  effort: 'low',
  modelMaxTokens: 400,
  thinks: true,
  tools: [
    {
      name: 'get_weather',
      description: 'Get the current weather for a city',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  ],
  turns: [
    { id: '1', role: 'user', text: 'Hello!', pictures: [] },
    {
      id: '2',
      role: 'assistant',
      surface: 'chat',
      model: 'demo',
      answer: { ...emptyAnswer(), text: 'Hi. I am Mote.', end: 'whole' },
    },
    { id: '3', role: 'user', text: 'Thank you!', pictures: [] },
  ] satisfies Turn[],
};

const chats = SURFACE_IDS.flatMap((id) =>
  LANGUAGES.map((language): Shown => ({
    name: `"view code" of a chat by ${id}, ${language}`,
    language: PROGRAMS[language],
    variable: 'API_KEY',
    code: (publicUrl) => VIEWED[language]({ publicUrl, surface: SURFACES[id], body: SURFACES[id].body(ask) }),
    prints: /finish_reason\W+stop|message_stop|response\.completed/,
  })),
);

it.for([...firstRequests, ...references, ...chats])(
  '$name',
  { timeout: 400_000 },
  async ({ language, variable, code, prints }, context) => {
    const ran = await folder.run(language, code(`http://127.0.0.1:${gateway.port}`, key), {
      [variable]: key,
    });
    if ('missing' in ran) {
      context.skip(ran.missing);
      return;
    }
    expect(ran.code, ran.output).toBe(0);
    expect(ran.output).toMatch(prints);
  },
);

it('is TypeScript without complaints', async () => {
  expect(await folder.checkTypes()).toBe('');
});
