import { asObject, objectAt, parseObject, textAt, type JsonObject } from '../../studio/json.ts';
import { calculate } from './calculator.ts';
import type { Answer } from './conversation.ts';
import type { ToolSpec } from './surface.ts';

const NAME = /^[\w-]{1,64}$/;

/** Tools as a person wrote them, or why they are none. Takes `{name, parameters}` and the form of OpenAI. */
export function readTools(
  text: string,
): { tools: ToolSpec[]; error?: undefined } | { tools?: undefined; error: string } {
  if (text.trim() === '') return { tools: [] };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { error: 'This is no JSON. A list of tools begins with [ and ends with ].' };
  }
  const tools: ToolSpec[] = [];
  for (const [index, entry] of (Array.isArray(value) ? value : [value]).entries()) {
    const outer = asObject(entry);
    const tool = objectAt(outer, 'function') ?? outer;
    const name = textAt(tool, 'name');
    if (!NAME.test(name))
      return { error: `Tool ${index + 1} needs a "name" of letters, digits, _ and -, at most 64.` };
    if (tools.some((other) => other.name === name)) return { error: `Two tools are named "${name}".` };
    const parameters = objectAt(tool, 'parameters') ?? objectAt(tool, 'input_schema') ?? NO_PARAMETERS;
    tools.push({ name, description: textAt(tool, 'description'), parameters });
  }
  return { tools };
}

const NO_PARAMETERS: JsonObject = { type: 'object', properties: {} };

type DemoTool = { spec: ToolSpec; run: (input: JsonObject | undefined, nowMs: number) => string };

/** Tools that this page runs itself, in the browser. They read nothing of it. */
const DEMO_TOOLS: readonly DemoTool[] = [
  {
    spec: {
      name: 'get_time',
      description: 'Get the current date and time',
      parameters: {
        type: 'object',
        properties: { timezone: { type: 'string', description: 'Such as Europe/Berlin. Default: UTC' } },
      },
    },
    run: (input, nowMs) => timeText(textAt(input, 'timezone') || 'UTC', nowMs),
  },
  {
    spec: {
      name: 'calculate',
      description: 'Compute an arithmetic expression',
      parameters: {
        type: 'object',
        properties: { expression: { type: 'string', description: 'Such as 2 * (3 + 4)' } },
        required: ['expression'],
      },
    },
    run: (input) => calculate(textAt(input, 'expression')),
  },
];

export const DEMO_TOOL_SPECS: readonly ToolSpec[] = DEMO_TOOLS.map(({ spec }) => spec);

function timeText(zone: string, nowMs: number): string {
  try {
    const form = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'long', timeZone: zone });
    return form.format(nowMs);
  } catch {
    return 'There is no such time zone.';
  }
}

/** The same answer with the results of those calls that this page can run. */
export function withDemoResults(answer: Answer, nowMs: number): Answer {
  if (answer.end !== 'whole') return answer;
  const calls = answer.calls.map((call) => {
    const tool = DEMO_TOOLS.find(({ spec }) => spec.name === call.name);
    return tool === undefined ? call : { ...call, result: tool.run(parseObject(call.input), nowMs) };
  });
  return { ...answer, calls };
}
