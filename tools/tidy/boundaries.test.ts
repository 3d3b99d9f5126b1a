import { expect, it } from 'vitest';
import { boundaries } from './boundaries.ts';
import { findingsOf } from './plant.ts';

const gateway = 'packages/gateway/src';

/** Each file with its one import line, and whether it is a fault. */
const cases: ReadonlyArray<[path: string, text: string, isFault: boolean]> = [
  [`${gateway}/core/a.ts`, "import { x } from '../ledger/b.ts';", true],
  [`${gateway}/core/a.ts`, "import type { X } from '../ledger/b.ts';", true],
  [`${gateway}/core/a.ts`, "export * from '../http/b.ts';", true],
  [`${gateway}/core/a.ts`, "const b = await import('../http/b.ts');", true],
  [`${gateway}/core/a.ts`, "type B = import('../http/b.ts').B;", true],
  [`${gateway}/core/a.ts`, "import './b.ts';", false],
  [`${gateway}/core/a.ts`, "// import '../http/b.ts'", false],
  [`${gateway}/core/a.ts`, 'const text = "import x from \'../http/b.ts\'";', false],
  [`${gateway}/ledger/a.ts`, "import { x } from '../core/b.ts';", false],
  [`${gateway}/ledger/a.ts`, "import { x } from '../pricing/b.ts';", false],
  [`${gateway}/limits/a.ts`, "import type { X } from '../ledger/b.ts';", true],
  [`${gateway}/accounts/a.ts`, "import type { X } from '../ledger/b.ts';", false],
  [`${gateway}/accounts/a.ts`, "import { x } from '../ledger/b.ts';", true],
  [`${gateway}/accounts/a.ts`, "import { x, type Y } from '../ledger/b.ts';", true],
  [`${gateway}/surfaces/chat-completions/a.ts`, "import { x } from '../../upstreams/openai/b.ts';", true],
  [`${gateway}/surfaces/chat-completions/a.ts`, "import { x } from '../messages/b.ts';", true],
  [`${gateway}/surfaces/chat-completions/a.ts`, "import { x } from '../shared/b.ts';", false],
  [`${gateway}/surfaces/chat-completions/a.ts`, "import { x } from '../../core/b.ts';", false],
  [`${gateway}/surfaces/chat-completions/a.ts`, "import { x } from '../../catalog/b.ts';", true],
  [`${gateway}/inference/a.ts`, "import { x } from '../observe/b.ts';", false],
  [`${gateway}/inference/a.ts`, "import { x } from '../store/sqlite/b.ts';", true],
  [`${gateway}/inference/a.test.ts`, "import { x } from '../store/sqlite/b.ts';", false],
  [`${gateway}/http/a.ts`, "import { x } from '../config/b.ts';", true],
  [`${gateway}/http/a.ts`, "import type { X } from '../config/b.ts';", false],
  [`${gateway}/http/a.ts`, "import { x } from '../main.ts';", true],
  [`${gateway}/admin/a.ts`, "import { x } from '../store/b.ts';", true],
  [`${gateway}/admin/open-stores.ts`, "import { x } from '../store/b.ts';", false],
  [`${gateway}/cli/a.ts`, "import { x } from '../testing/b.ts';", true],
  [`${gateway}/http/a.ts`, "import type { X } from '../composition/b.ts';", true],
  [`${gateway}/main.ts`, "import { x } from './store/sqlite/b.ts';", false],
  [`${gateway}/main.ts`, "import { x } from './composition/b.ts';", false],
  [`${gateway}/composition/a.ts`, "import { x } from '../store/sqlite/b.ts';", false],
  [`${gateway}/composition/a.ts`, "import { x } from '../main.ts';", true],
  [`${gateway}/unheard-of/a.ts`, "import { x } from '../core/b.ts';", true],
  [`${gateway}/core/a.ts`, "import { x } from '../../../protocol/src/b.ts';", true],
  [`${gateway}/core/a.ts`, "import { x } from '@switchyard/protocol/b.ts';", false],
  [`${gateway}/cli/a.ts`, "import { x } from '@switchyard/demo-engine/b.ts';", true],
  ['packages/protocol/src/a.ts', "import { x } from 'zod';", true],
  ['packages/protocol/src/a.ts', "import { x } from 'node:fs';", true],
  ['packages/protocol/src/a.test.ts', "import { it } from 'vitest';", false],
  ['packages/demo-engine/src/a.ts', "import { x } from 'node:fs';", false],
  ['packages/demo-engine/src/a.ts', "import { x } from '@switchyard/protocol/b.ts';", true],
  ['packages/connector/src/a.ts', "import { x } from '@switchyard/gateway/b.ts';", true],
  ['packages/connector/src/a.ts', "import { x } from '@switchyard/demo-engine/b.ts';", false],
  ['packages/web/src/a.tsx', "import { x } from '@switchyard/gateway/b.ts';", true],
  ['packages/new-one/src/a.ts', "import { x } from 'zod';", true],
];

it.each(cases)('%s: %s', (path, text, isFault) => {
  expect(findingsOf(boundaries, { [path]: `${text}\n` })).toHaveLength(isFault ? 1 : 0);
});

it('says where and what', () => {
  const text = "\nimport {\n  x,\n} from '../ledger/b.ts';\n";
  expect(findingsOf(boundaries, { [`${gateway}/core/a.ts`]: text })).toEqual([
    `${gateway}/core/a.ts:4 core may not import ledger (${gateway}/ledger/b.ts)`,
  ]);
});
