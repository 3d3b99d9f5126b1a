import { memo, type ReactNode } from 'react';
import { classes } from '../ui/classes.ts';
import { Code } from '../ui/copy.tsx';
import type { Inline } from './markdown-inline.ts';
import type { Align, Table } from './markdown-table.ts';
import { parseMarkdown, type Block } from './markdown.ts';

/** What a model wrote, as elements: none of it is ever read as HTML, and nothing of it is loaded. */
export const RichText = memo(function RichText({ text }: { text: string }) {
  return (
    <div className="grid min-w-0 grid-cols-1 gap-3 text-[0.9375rem] leading-relaxed break-words">
      <Blocks blocks={parseMarkdown(text)} />
    </div>
  );
});

function Blocks({ blocks }: { blocks: readonly Block[] }) {
  return blocks.map((block, index) => <BlockView key={index} block={block} />);
}

function BlockView({ block }: { block: Block }): ReactNode {
  switch (block.kind) {
    case 'paragraph':
      return (
        <p className="whitespace-pre-wrap">
          <Inlines parts={block.children} />
        </p>
      );
    // Not a heading of this page: it would stand in the outline of the page.
    case 'heading':
      return (
        <p className="font-semibold">
          <Inlines parts={block.children} />
        </p>
      );
    case 'quote':
      return (
        <blockquote className="border-l-2 border-edge pl-3 whitespace-pre-wrap text-soft">
          <Inlines parts={block.children} />
        </blockquote>
      );
    case 'rule':
      return <hr className="border-line" />;
    case 'code':
      return <Code label={block.language || 'Code'} text={block.text} />;
    case 'list': {
      const items = block.items.map((item, index) => (
        <li key={index} className="min-w-0">
          <div className="grid min-w-0 grid-cols-1 gap-1">
            <Blocks blocks={item} />
          </div>
        </li>
      ));
      return block.ordered ? (
        <ol start={block.start} className="grid list-decimal gap-1 pl-6">
          {items}
        </ol>
      ) : (
        <ul className="grid list-disc gap-1 pl-6">{items}</ul>
      );
    }
    case 'table':
      return <TableView table={block} />;
  }
}

const ALIGNS: Readonly<Record<NonNullable<Align>, string>> = {
  left: 'text-left',
  center: 'text-center',
  right: 'text-right',
};

/** A wide one scrolls by itself, not the page. */
function TableView({ table: { header, aligns, body } }: { table: Table }) {
  const shape = (column: number) =>
    classes('max-w-80 min-w-16 px-3 py-1.5 align-baseline', ALIGNS[aligns[column] ?? 'left']);
  return (
    <div
      tabIndex={0}
      role="group"
      aria-label="Table"
      className="overflow-x-auto rounded-lg border border-line"
    >
      <table className="w-max min-w-full border-collapse text-sm">
        <thead>
          <tr className="border-b border-line bg-sunken">
            {header.map((cell, column) => (
              <th key={column} scope="col" className={classes(shape(column), 'font-semibold')}>
                <Inlines parts={cell} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {body.map((row, index) => (
            <tr key={index} className="border-b border-line last:border-0">
              {row.map((cell, column) => (
                <td key={column} className={shape(column)}>
                  <Inlines parts={cell} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Inlines({ parts }: { parts: readonly Inline[] }) {
  return parts.map((part, index) => <InlineView key={index} part={part} />);
}

function InlineView({ part }: { part: Inline }): ReactNode {
  switch (part.kind) {
    case 'text':
      return part.text;
    case 'code':
      return <code className="rounded bg-sunken px-1 py-0.5 font-mono text-[0.85em]">{part.text}</code>;
    case 'strong':
      return (
        <strong>
          <Inlines parts={part.children} />
        </strong>
      );
    case 'emphasis':
      return (
        <em>
          <Inlines parts={part.children} />
        </em>
      );
    case 'link':
      return (
        <a
          href={part.href}
          target="_blank"
          rel="noreferrer noopener nofollow"
          className="text-accent underline"
        >
          <Inlines parts={part.children} />
        </a>
      );
  }
}
