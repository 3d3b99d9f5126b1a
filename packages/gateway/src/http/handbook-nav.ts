import { escapeHtml } from '../core/html.ts';
import { wordsOf, type HandbookSection } from './handbook-sections.ts';

/** The way through the handbook: pages by what a reader wants to do. A page that is in no group is in the last one. */
const GROUPS: readonly { name: string; pages: readonly string[] }[] = [
  { name: 'Call it', pages: ['api', 'messages', 'responses', 'images', 'receipts', 'money', 'studio'] },
  { name: 'Provide', pages: ['nodes', 'engines', 'deployments', 'trust'] },
  {
    name: 'Run it',
    pages: ['configuration', 'operations', 'upstreams', 'people', 'backup', 'console-api'],
  },
];
const CLIENTS = 'clients/';
const DECISIONS = 'decisions/';
const FIRST = 'README';

/** The address of a page. `/docs/api` is the generated reference, so the pages have a folder of their own. */
export function handbookAddress(name: string): string {
  return name === FIRST ? '/docs' : `/docs/guide/${name}`;
}

/**
 * The search and the list of pages. `titles`: by name of the page. `here`: the address of the page that it stands beside.
 */
export function handbookNav(titles: ReadonlyMap<string, string>, here: string, question = ''): string {
  const names = [...titles.keys()];
  const grouped = new Set(GROUPS.flatMap(({ pages }) => pages));
  const rest = names.filter(
    (name) =>
      !grouped.has(name) && !name.startsWith(CLIENTS) && !name.startsWith(DECISIONS) && name !== FIRST,
  );
  const link = (href: string, words: string) =>
    `<li><a href="${href}"${href === here ? ' aria-current="page"' : ''}>${escapeHtml(words)}</a></li>`;
  const group = (name: string, pages: readonly string[], more = '') => {
    const there = pages.filter((page) => titles.has(page));
    const links = there.map((page) => link(handbookAddress(page), titles.get(page) ?? page));
    return there.length === 0 ? '' : `<h2>${name}</h2><ul>${more}${links.join('')}</ul>`;
  };
  const [calls, ...others] = GROUPS.map(({ name, pages }, index) =>
    group(name, pages, index === 0 ? link('/docs/api', 'API reference') : ''),
  );
  const clients = names.filter((name) => name.startsWith(CLIENTS)).sort();
  return `<form role="search" action="/docs/search"><label for="question">Search the documentation</label>
<input id="question" name="q" type="search" maxlength="100" value="${escapeHtml(question)}"><button>Search</button></form>
<nav aria-label="Documentation"><ul>${link('/docs', 'Overview')}</ul>
${[calls, group('Clients', clients), ...others, group('Inside', [...rest.sort(), `${DECISIONS}README`])].join('\n')}
</nav>`;
}

/** The headings of a long page, to jump to. */
export function pageContents(sections: readonly HandbookSection[]): string {
  const parts = sections.filter(({ depth }) => depth === 2);
  if (parts.length < 4) return '';
  const links = parts.map(
    ({ anchor, heading }) => `<li><a href="#${anchor}">${escapeHtml(heading)}</a></li>`,
  );
  return `<nav class="contents" aria-label="On this page"><ul>${links.join('')}</ul></nav>`;
}

const EXCERPT_CHARS = 220;

/** What was found, each with a bit of its text. */
export function searchPage(found: readonly HandbookSection[], question: string): string {
  const asked = escapeHtml(question);
  const items = found.map(({ page, title, heading, anchor, text }) => {
    const where = heading === title ? '' : `<span class="soft">${escapeHtml(title)} › </span>`;
    return `<li>${where}<a href="${handbookAddress(page)}#${anchor}">${escapeHtml(heading)}</a>
<p class="soft">${excerpt(text, wordsOf(question))}</p></li>`;
  });
  const say =
    question.trim() === ''
      ? '<p>Type a word or two: a field, an error, a command.</p>'
      : found.length === 0
        ? `<p>Nothing has all of “${asked}”. Try fewer words, or look in the <a href="/docs/api">API reference</a>.</p>`
        : `<p class="soft">${found.length} ${found.length === 1 ? 'part' : 'parts'} with “${asked}”</p>`;
  return `<h1>Search</h1>\n${say}\n<ul class="found">${items.join('\n')}</ul>`;
}

/** Text around the first word that was asked for. */
function excerpt(text: string, words: readonly string[]): string {
  const places = words.map((word) => text.toLowerCase().indexOf(word)).filter((at) => at >= 0);
  const from = Math.max(0, Math.min(...places, text.length) - 60);
  const cut = text.slice(from, from + EXCERPT_CHARS);
  return escapeHtml(`${from > 0 ? '… ' : ''}${cut}${from + EXCERPT_CHARS < text.length ? ' …' : ''}`);
}
