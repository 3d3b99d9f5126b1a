import { lexer, type Token } from 'marked';

/** A page is searched by its parts: a heading and what stands below it. */
export type HandbookSection = {
  /** Name of the page. */
  page: string;
  title: string;
  heading: string;
  /** 1 is the title of the page. */
  depth: number;
  /** Of the heading, within its page. */
  anchor: string;
  text: string;
};

/** The parts of a page, in their order. */
export function sectionsOf(page: string, markdown: string): HandbookSection[] {
  const anchors = createAnchors();
  const sections: HandbookSection[] = [];
  let title = page;
  for (const token of lexer(markdown)) {
    if (token.type === 'heading') {
      const heading = plainText(String(token.text));
      if (token.depth === 1) title = heading;
      const depth = Number(token.depth);
      sections.push({ page, title, heading, depth, anchor: anchors(String(token.text)), text: '' });
    } else {
      const last = sections.at(-1);
      if (last !== undefined) last.text += ` ${plainText(textOf(token))}`;
    }
  }
  return sections;
}

function textOf(token: Token): string {
  return token.type === 'table' ? token.raw.replaceAll(/[|]|^[-|: ]+$/gm, ' ') : token.raw;
}

/** Markdown without its marks, roughly: for excerpts and to search in. */
function plainText(markdown: string): string {
  return markdown
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/```\w*|[`*]|^#+ /gm, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** The anchors that code hosts give to headings: lower case, punctuation dropped, spaces as dashes, each once. */
export function createAnchors(): (heading: string) => string {
  const seen = new Map<string, number>();
  return (heading) => {
    const slug = heading
      .replaceAll(/[`*]/g, '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  };
}

const WORDS_MAX = 8;
const RESULTS_MAX = 30;

/** The parts that hold every word of the question, those with it in their heading first. */
export function searchSections(sections: readonly HandbookSection[], question: string): HandbookSection[] {
  const words = wordsOf(question);
  if (words.length === 0) return [];
  return sections
    .map((section) => ({ section, score: scoreOf(section, words) }))
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score)
    .slice(0, RESULTS_MAX)
    .map(({ section }) => section);
}

export function wordsOf(question: string): string[] {
  return question
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
    .slice(0, WORDS_MAX);
}

/** 0: a word is missing. */
function scoreOf({ title, heading, text }: HandbookSection, words: readonly string[]): number {
  const [inTitle, inHeading, inText] = [title.toLowerCase(), heading.toLowerCase(), text.toLowerCase()];
  let score = 0;
  for (const word of words) {
    if (!inText.includes(word) && !inHeading.includes(word) && !inTitle.includes(word)) return 0;
    score += inHeading.includes(word) ? 8 : 0;
    score += inTitle.includes(word) ? 4 : 0;
    score += Math.min(3, inText.split(word).length - 1);
  }
  return score;
}
