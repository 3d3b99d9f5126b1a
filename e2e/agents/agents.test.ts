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

type Reason = 'no money' | 'no node';

/** Why an agent cannot be served, and what it must say of it. */
const REASONS: Record<Reason, { key: 'rich' | 'poor'; model: string; words: RegExp }> = {
  'no money': { key: 'poor', model: 'qwen3-coder', words: /balance|credit|quota|top up/i },
  // Codex has a sentence of its own for it.
  'no node': { key: 'rich', model: 'elsewhere', words: /server-side issue|at capacity/i },
};

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
  /** How often it asks when it cannot be served. Reasons that take an agent too long are left out. */
  tries: Partial<Record<Reason, number>>;
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
    tries: { 'no money': 1, 'no node': 1 },
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
    tries: { 'no money': 1, 'no node': 5 },
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
    tries: { 'no money': 2 },
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
    tries: {},
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
    expect(run).toMatchObject({ code: 0, output: expect.stringContaining('The note says:') });
    expect(workplace.provider.asked.at(-1)?.asked.results.join('')).toContain(desk.note);
    // Claude Code says so when it does not know how much a model can read.
    expect(run.output).not.toContain('assumes a context window');
    const made = (await workplace.receipts()).slice(before);
    expect(made.map(({ end }) => end).sort()).toEqual(recipe.ends);
    expect(new Set(made.map(({ surface }) => surface))).toEqual(new Set([recipe.surface]));
  });

  it.for(Object.entries(recipe.tries))(
    'gives up soon with %s',
    { timeout: 300_000 },
    async (row, context) => {
      const [reason, tries] = row;
      const { key, model, words } = REASONS[reason as Reason];
      const before = await workplace.failures();
      const run = await work(context, recipe, { desk: openDesk(), key: workplace[key], model });
      expect(run.output).toMatch(words);
      expect((await workplace.failures()) - before).toBe(tries);
    },
  );
});
