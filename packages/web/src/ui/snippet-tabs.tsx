import { Code } from './copy.tsx';
import { curlSnippet, envSnippet, pythonSnippet, typescriptSnippet, type SnippetAsk } from './snippets.ts';
import { Tabs } from './tabs.tsx';

/** The same first request in four forms. */
export function SnippetTabs({ ask }: { ask: SnippetAsk }) {
  return (
    <Tabs
      label="Ways to call"
      tabs={[
        { value: 'env', label: 'Environment', content: <Code label="Shell" text={envSnippet(ask)} /> },
        { value: 'curl', label: 'curl', content: <Code label="Shell" text={curlSnippet(ask)} /> },
        { value: 'python', label: 'Python', content: <Code label="Python" text={pythonSnippet(ask)} /> },
        {
          value: 'typescript',
          label: 'TypeScript',
          content: <Code label="TypeScript" text={typescriptSnippet(ask)} />,
        },
      ]}
    />
  );
}
