import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { cleanUp } from '../support/processes.ts';
import { agentProgram, type AgentName } from './support/agents.ts';
import {
  docBlock,
  openDesk,
  placeFile,
  runAgent,
  startWorkplace,
  type AgentRun,
  type Desk,
  type Workplace,
} from './support/workplace.ts';

/** Real agents do one task with their own shell, set up by the very lines of docs/clients. */

let workplace: Workplace;
beforeAll(async () => {
  workplace = await startWorkplace();
});
afterAll(cleanUp);

type Recipe = {
  agent: AgentName;
  /** What people type. */
  command: string;
  surface: string;
  /** Puts the page's configuration in place and gives the lines to run. `adapt` makes the page's text this test's. */
  prepare(desk: Desk, adapt: (text: string) => string): string;
  /** Settings of this test that are none of the page. */
  env?: Record<string, string>;
  /** The model of the page, and one whose provider speaks the agent's own dialect. */
  models: readonly string[];
  /** Ends of the requests that the task takes, sorted. */
  ends: readonly string[];
  /** How often it asks when the account has no money. Left out where that takes too long to see each time. */
  triesWithoutMoney?: number;
};

const recipes: readonly Recipe[] = [
  {
    agent: 'claude-code',
    command: 'claude',
    surface: 'messages',
    prepare: (_desk, adapt) =>
      adapt(docBlock('claude-code.md', 'sh', 0) + docBlock('claude-code.md', 'sh', 1)),
    models: ['qwen3-coder', 'resold-messages'],
    ends: ['stop', 'tool-calls'],
    triesWithoutMoney: 1,
  },
  {
    agent: 'codex',
    command: 'codex',
    surface: 'responses',
    prepare(desk, adapt) {
      // Not every machine lets Codex build its sandbox; the folder is thrown away anyhow.
      const sandbox = 'sandbox_mode = "danger-full-access"\n';
      placeFile(desk, '~/.codex/config.toml', sandbox + adapt(docBlock('codex.md', 'toml')));
      return docBlock('codex.md', 'sh');
    },
    models: ['qwen3-coder', 'resold-responses'],
    ends: ['stop', 'tool-calls'],
    triesWithoutMoney: 1,
  },
  {
    agent: 'opencode',
    command: 'opencode',
    surface: 'chat-completions',
    prepare(desk, adapt) {
      placeFile(desk, 'opencode.json', adapt(docBlock('opencode.md', 'json')));
      return docBlock('opencode.md', 'sh');
    },
    env: {
      OPENCODE_DISABLE_AUTOUPDATE: '1',
      OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
      OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
      OPENCODE_DISABLE_MODELS_FETCH: '1',
    },
    models: ['qwen3-coder'],
    // One more than the others: it has the session named.
    ends: ['stop', 'stop', 'tool-calls'],
    triesWithoutMoney: 2,
  },
  {
    agent: 'hermes',
    command: 'hermes',
    surface: 'chat-completions',
    prepare(desk, adapt) {
      placeFile(desk, '~/.hermes/config.yaml', adapt(docBlock('hermes.md', 'yaml')));
      return docBlock('hermes.md', 'sh');
    },
    models: ['qwen3-coder'],
    ends: ['stop', 'tool-calls'],
  },
];

/** Undefined when the agent is not to be had, which skips the test with the reason. */
async function work(
  context: TestContext,
  recipe: Recipe,
  { desk, key, model }: { desk: Desk; key: string; model: string },
): Promise<AgentRun> {
  const obtained = await agentProgram(recipe.agent);
  if ('missing' in obtained) {
    context.skip(obtained.missing);
  }
  const adapt = (text: string) =>
    text.replaceAll('http://127.0.0.1:8080', workplace.origin).replaceAll('qwen3-coder', model);
  const script = recipe.prepare(desk, adapt);
  const { program } = obtained;
  return runAgent(desk, { name: recipe.command, program, key, script, env: recipe.env ?? {} });
}

describe.each(recipes)('$agent', (recipe) => {
  it.for(recipe.models)('does a task with its shell and %s', { timeout: 300_000 }, async (model, context) => {
    const before = (await workplace.receipts()).length;
    const desk = openDesk();
    const run = await work(context, recipe, { desk, key: workplace.rich, model });
    expect(run).toMatchObject({ code: 0, output: expect.stringContaining(desk.note) });
    const made = (await workplace.receipts()).slice(before);
    expect(made.map(({ end }) => end).sort()).toEqual(recipe.ends);
    expect(new Set(made.map(({ surface }) => surface))).toEqual(new Set([recipe.surface]));
  });

  const { triesWithoutMoney } = recipe;
  if (triesWithoutMoney === undefined) return;
  it('stops at once when there is no money, and says so', { timeout: 300_000 }, async (context) => {
    const before = await workplace.refusals();
    const run = await work(context, recipe, { desk: openDesk(), key: workplace.poor, model: 'qwen3-coder' });
    expect(run.output).toMatch(/balance|credit|quota|top up/i);
    expect((await workplace.refusals()) - before).toBe(triesWithoutMoney);
  });
});
