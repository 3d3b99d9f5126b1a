import { describe, expect, it } from 'vitest';
import { CITY_REPORT, PROVIDER_USAGE } from '../../support/provider/brain.ts';
import { REFUSAL_STATUS, type Client, type ClientKind, type RefusalName } from './client.ts';
import { UPSTREAM_MODELS, type World } from './world.ts';

/** A PNG of one pixel. */
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

type Setting = {
  kind: ClientKind;
  /** Known only once the tests run. */
  world: () => World;
  client: () => Client;
};

/** What every client must show its user, with the demo model on a node and with every kind of provider. */
export function describeClient(kind: ClientKind, world: () => World): void {
  const client = () => kind.open({ origin: world().origin, key: world().keys.rich, retries: 0 });
  const setting = { kind, world, client };
  describe(kind.name, () => {
    describe('with the demo model on a node', () => describeNode(setting));
    for (const model of UPSTREAM_MODELS) {
      describe(`with ${model}`, () => {
        describeAnswers(setting, model);
        describeTools(setting, model);
        describeBadEnds(setting, model);
      });
    }
    describe('refused', () => describeRefusals(setting));
  });
}

function describeNode({ kind, world, client }: Setting): void {
  it('lists models', async () => {
    const { models } = client();
    if (models !== undefined) expect(await models()).toEqual(expect.arrayContaining(['demo', 'demo-think']));
  });

  it('answers, whole and in a stream', async () => {
    for (const how of ['ask', 'stream'] as const) {
      const said = await client()[how]({ model: 'demo', prompt: 'Hello!' });
      // What a tiny model says to a greeting differs from time to time.
      expect(said.text).toMatch(/[a-z]{2}/i);
      expect(said).toMatchObject({ finish: kind.finishes.stop, reasoning: '', refusal: '' });
      const { end, surface, model, usage } = await world().settled();
      expect({ end, surface, model }).toEqual({ end: 'stop', surface: kind.surface, model: 'demo' });
      expect(said.usage.output).toBe(usage.completion_tokens);
      if (kind.countsCachedInput) expect(said.usage.input).toBe(usage.prompt_tokens);
    }
  });

  it('calls a tool in its own loop', async () => {
    const asked: string[] = [];
    const getWeather = (city: string) => {
      asked.push(city);
      return '21C and clear';
    };
    const { useTool, useToolStreaming } = client();
    for (const loop of [useTool, useToolStreaming]) {
      const text = await loop?.({ model: 'demo', prompt: "What's the weather in Lisbon?" }, getWeather);
      if (loop !== undefined) expect(text).toMatch(/21/);
    }
    expect(new Set(asked)).toEqual(new Set(['Lisbon']));
  });

  it('thinks', async () => {
    const said = await client().ask({ model: 'demo-think', prompt: 'What is 2 + 2?' });
    expect(said.text).toContain('4');
    expect(said.reasoning !== '').toBe(kind.shows.reasoning);
  });

  it('leaves in the middle, and nothing stays held', async () => {
    await leave(client(), 'demo', 'Make a plan for my week.');
    await endsAs(world, { end: 'client-closed', model: 'demo' });
  });
}

/** Aborts at the first piece of text. The client may call that an error or an end, but it must come to one. */
async function leave(client: Client, model: string, prompt: string): Promise<void> {
  const leaving = new AbortController();
  const onText = () => leaving.abort();
  await client.stream({ model, prompt, signal: leaving.signal, onText }).catch(() => undefined);
  expect(leaving.signal.aborted).toBe(true);
}

function describeAnswers({ kind, world, client }: Setting, model: string): void {
  const input = kind.countsCachedInput ? PROVIDER_USAGE.input : PROVIDER_USAGE.input - PROVIDER_USAGE.cached;

  it('answers with the text and the usage of the provider', async () => {
    expect(await client().ask({ model, prompt: 'Good morning' })).toEqual({
      text: 'You said: Good morning',
      reasoning: '',
      refusal: '',
      finish: kind.finishes.stop,
      usage: { input, output: PROVIDER_USAGE.output },
    });
    expect(await world().settled()).toMatchObject({
      surface: kind.surface,
      usage: { prompt_tokens: PROVIDER_USAGE.input, completion_tokens: PROVIDER_USAGE.output },
      // 80 fresh, 20 cached at a tenth, 30 out at four times the price, in micro-dollars.
      charged: { micros: 80 + 2 + 120 },
    });
  });

  it('streams the same', async () => {
    expect(await client().stream({ model, prompt: 'Good morning' })).toEqual({
      text: 'You said: Good morning',
      reasoning: '',
      refusal: '',
      finish: kind.finishes.stop,
      usage: { input, output: PROVIDER_USAGE.output },
    });
  });

  it('shows each word while the provider still has to say the next', async () => {
    const pieces: string[] = [];
    const onText = (text: string) => {
      pieces.push(text);
      world().provider.seen();
    };
    const said = await client().stream({ model, prompt: 'Please wait for me', onText });
    expect(said.text).toBe('First one word, then the rest.');
    expect(pieces[0]).toBe('First ');
    expect(pieces.join('')).toBe(said.text);
  });

  it('shows reasoning apart from the text', async () => {
    for (const how of ['ask', 'stream'] as const) {
      const said = await client()[how]({ model, prompt: 'Please think' });
      expect(said.text).toBe('Then I answer.');
      expect(said.reasoning).toBe(kind.shows.reasoning ? 'First I think.' : '');
    }
  });

  it('shows a refusal', async () => {
    for (const how of ['ask', 'stream'] as const) {
      const answer = client()[how]({ model, prompt: 'Please refuse' });
      // With Anthropic's API a refusal is an end by a filter, which is an error where a cut answer is one.
      if (model === 'resold-messages' && kind.finishes.length === undefined) {
        await failure(answer);
        continue;
      }
      const said = await answer;
      if (kind.shows.refusal) expect(said.refusal + said.text).toBe('I will not do that.');
    }
  });

  it('says when an answer was cut at its length', async () => {
    for (const how of ['ask', 'stream'] as const) {
      const answer = client()[how]({ model, prompt: 'Tell too much' });
      if (kind.finishes.length === undefined) {
        await failure(answer);
        continue;
      }
      const said = await answer;
      expect(said).toMatchObject({ text: 'Once upon a time', finish: kind.finishes.length });
    }
  });

  it('sends pictures', async () => {
    const said = await client().ask({ model, prompt: 'What is this?', picture: PIXEL });
    expect(said.text).toBe(`I see image/png of ${PIXEL.length} bytes.`);
  });

  it('gets an object by a schema', async () => {
    expect(await client().object({ model, prompt: 'Report on Lisbon' })).toEqual(CITY_REPORT);
  });
}

function describeTools({ client }: Setting, model: string): void {
  it('calls a tool, and two at once, in its own loop', async () => {
    const { useTool, useToolStreaming } = client();
    for (const loop of [useTool, useToolStreaming]) {
      if (loop === undefined) continue;
      const asked: string[] = [];
      const getWeather = (city: string) => {
        asked.push(city);
        return city === 'Lisbon' ? '21C' : '12C';
      };
      expect(await loop({ model, prompt: 'The weather in Lisbon?' }, getWeather)).toBe('The tool said: 21C.');
      const both = await loop({ model, prompt: 'The weather in Lisbon and Paris?' }, getWeather);
      expect(both).toBe('The tool said: 21C, 12C.');
      expect(asked).toEqual(['Lisbon', 'Lisbon', 'Paris']);
    }
  });
}

function describeBadEnds({ kind, world, client }: Setting, model: string): void {
  it('never takes an answer that broke off for a whole one', async () => {
    const seen = await failure(client().stream({ model, prompt: 'Now break off' }));
    expect(kind.readError(seen).message).not.toBe('');
    await endsAs(world, { end: 'interrupted', model });
  });

  it('leaves in the middle: the provider is stopped, and nothing stays held', async () => {
    const { provider } = world();
    const before = provider.left();
    await leave(client(), model, 'Go on forever');
    await expect.poll(() => provider.left()).toBe(before + 1);
    await endsAs(world, { end: 'client-closed', model });
  });

  it('leaves while it waits for a whole answer', async () => {
    const { provider } = world();
    const [left, asked] = [provider.left(), provider.asked.length];
    const leaving = new AbortController();
    const answer = client()
      .ask({ model, prompt: 'Go on forever', signal: leaving.signal })
      .catch(() => undefined);
    await expect.poll(() => provider.asked.length).toBe(asked + 1);
    leaving.abort();
    await answer;
    await expect.poll(() => provider.left()).toBe(left + 1);
    await endsAs(world, { end: 'client-closed', model });
  });
}

/** The receipt of the last request, which is on disk a moment after nothing is held any more. */
async function endsAs(world: () => World, wanted: { end: string; model: string }): Promise<void> {
  await expect.poll(() => world().settled(), { timeout: 5_000 }).toMatchObject(wanted);
}

/** What each refusal needs. `tries`: how often the client asks by itself; others are asked once, without waiting. */
const REFUSALS: Record<
  RefusalName,
  { key: keyof World['keys'] | 'wrong'; model: string; prompt: string; code: string; tries?: 1 }
> = {
  'wrong-key': { key: 'wrong', model: 'demo', prompt: 'Hello!', code: 'invalid_api_key', tries: 1 },
  'no-money': { key: 'poor', model: 'demo', prompt: 'Hello!', code: 'insufficient_credits', tries: 1 },
  'unknown-model': { key: 'rich', model: 'nothing', prompt: 'Hello!', code: 'model_not_found', tries: 1 },
  'too-fast': { key: 'slow', model: 'demo', prompt: 'Hello!', code: 'rate_limit_exceeded' },
  'no-node': { key: 'rich', model: 'elsewhere', prompt: 'Hello!', code: 'server_is_overloaded' },
  'bad-prompt': {
    key: 'rich',
    model: 'resold-chat',
    prompt: 'too long a prompt',
    code: 'context_length_exceeded',
  },
};

function describeRefusals({ kind, world }: Setting): void {
  for (const [name, { key, model, prompt, code, tries }] of Object.entries(REFUSALS)) {
    const how = kind.errors[name as RefusalName];
    it(`${name}: ${how.className}`, async () => {
      const before = await world().refusals(code);
      const client = kind.open({
        origin: world().origin,
        key: key === 'wrong' ? 'sk-test-wrong' : world().keys[key],
        retries: tries === undefined ? 0 : undefined,
      });
      for (const way of ['ask', 'stream'] as const) {
        const seen = kind.readError(await failure(client[way]({ model, prompt })));
        expect(seen).toMatchObject({
          className: how.className,
          status: REFUSAL_STATUS[name as RefusalName],
          code: how.code,
        });
        if (kind.shows.requestId) expect(seen.requestId).toMatch(/^req_/);
      }
      if (tries !== undefined) expect(await world().refusals(code)).toBe(before + 2 * tries);
    });
  }
}

/** What a call failed with. That it did not fail is a failure too. */
async function failure(call: Promise<unknown>): Promise<unknown> {
  const [outcome] = await Promise.allSettled([call]);
  if (outcome.status === 'rejected') return outcome.reason as unknown;
  throw new Error(`this was no error: ${JSON.stringify(outcome.value)}`);
}
