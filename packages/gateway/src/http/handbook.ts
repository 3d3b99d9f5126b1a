import { readFileSync, readdirSync } from 'node:fs';
import { posix, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Marked, type Tokens } from 'marked';
import { codeBlock } from '../api-reference/code-examples.ts';
import { escapeHtml } from '../core/html.ts';
import { handbookAddress } from './handbook-nav.ts';
import { createAnchors, searchSections, sectionsOf, type HandbookSection } from './handbook-sections.ts';

const FOLDER = fileURLToPath(new URL('../../../../docs/', import.meta.url));

/** A page as HTML, with the text of its first heading. */
export type HandbookPage = { title: string; html: string };

export type Handbook = {
  /** `name`: the path below the folder of the documentation without `.md`, such as `clients/curl`. */
  page(name: string): HandbookPage | undefined;
  names(): readonly string[];
  /** Title of each page by its name. */
  titles(): ReadonlyMap<string, string>;
  /** The parts of a page; none when there is no such page. */
  sections(name: string): readonly HandbookSection[];
  /** The parts of all pages that hold every word. */
  search(question: string): HandbookSection[];
};

/**
 * The documentation of this version, as pages. Its names are listed once, so no address can reach another file; a page
 * is read and rendered when it is first asked for. A folder that is not there is no error: then there is no page.
 */
export function openHandbook(folder: string = FOLDER): Handbook {
  const files = new Set(markdownFiles(folder));
  const rendered = new Map<string, HandbookPage>();
  const read = (name: string) => readFileSync(join(folder, `${name}.md`), 'utf8');
  let known: Map<string, HandbookSection[]> | undefined;
  // All pages are read once, for the first reader.
  const sections = () => (known ??= new Map([...files].map((name) => [name, sectionsOf(name, read(name))])));
  return {
    names: () => [...files],
    titles: () => new Map([...sections()].map(([name, parts]) => [name, parts[0]?.title ?? name])),
    sections: (name) => sections().get(name) ?? [],
    search: (question) => searchSections([...sections().values()].flat(), question),
    page(name) {
      if (!files.has(name)) return undefined;
      const before = rendered.get(name);
      if (before !== undefined) return before;
      const page = renderPage(read(name), { name, files });
      rendered.set(name, page);
      return page;
    },
  };
}

type Place = { name: string; files: ReadonlySet<string> };

function renderPage(text: string, place: Place): HandbookPage {
  const anchors = createAnchors();
  let title = place.name;
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth, text: raw }) {
        if (depth === 1) title = raw;
        return `<h${depth} id="${anchors(raw)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      link({ href, tokens }) {
        const words = this.parser.parseInline(tokens);
        const address = addressOf(href, place);
        return address === undefined ? words : `<a href="${escapeHtml(address)}">${words}</a>`;
      },
      // Pictures are in the repository only.
      image: ({ text: words }) => escapeHtml(words),
      html: ({ text: source }) => escapeHtml(source),
      code: ({ text: source }) => `${codeBlock(source, 'Code')}\n`,
      table({ header, rows }: Tokens.Table) {
        const words = ({ tokens }: Tokens.TableCell) => this.parser.parseInline(tokens);
        const head = header.map((cell) => `<th scope="col">${words(cell)}</th>`).join('');
        const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${words(cell)}</td>`).join('')}</tr>`);
        return `<div class="scroll" role="region" aria-label="Table" tabindex="0"><table class="words"><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table></div>\n`;
      },
    },
  });
  const html = marked.parse(text, { async: false });
  return { title, html };
}

/** Undefined: it leads to a file that is in the repository only. */
function addressOf(href: string, { name, files }: Place): string | undefined {
  if (href.startsWith('#') || href.startsWith('https://')) return href;
  const [path = '', anchor] = href.split('#', 2);
  const target = posix.normalize(posix.join(posix.dirname(name), path)).replace(/\.md$/, '');
  if (!files.has(target)) return undefined;
  return `${handbookAddress(target)}${anchor === undefined ? '' : `#${anchor}`}`;
}

function markdownFiles(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.md') && !file.startsWith('screenshots'))
      .map((file) => file.replaceAll('\\', '/').replace(/\.md$/, ''));
  } catch {
    return [];
  }
}
