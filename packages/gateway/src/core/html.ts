/** Plain pages of the gateway: no script, one style sheet of ours, nothing from elsewhere, readable in both themes. */

export type HtmlDocument = {
  /** Text. */
  title: string;
  /** The operator's name, as text. */
  brand: string;
  /** HTML that was escaped where it had to be. */
  main: string;
  /** HTML beside the main part: the way to the other pages of a set. On a phone it stands below. */
  aside?: string;
  /** Which link of the header leads here. */
  here?: string;
};

const LINKS = [
  { href: '/#models', name: 'Models' },
  { href: '/status', name: 'Status' },
  { href: '/docs', name: 'Docs' },
  { href: '/docs/api', name: 'API reference' },
  { href: '/sign-in', name: 'Sign in' },
] as const;

/** A whole document with the header that every page has. */
export function htmlDocument({ title, brand, main, aside, here }: HtmlDocument): string {
  const links = LINKS.map(
    ({ href, name }) => `<a href="${href}"${href === here ? ' aria-current="page"' : ''}>${name}</a>`,
  );
  const jump = aside === undefined ? '' : '<a class="jump" href="#pages">Search and all pages</a>\n';
  const content = `<main id="main">
${jump}${main}
</main>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="/mark.svg" type="image/svg+xml">
<link rel="stylesheet" href="/site.css">
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="top">
<a class="brand" href="/"><img src="/mark.svg" alt="" width="26" height="26">${escapeHtml(brand)}</a>
<nav aria-label="Site">${links.join('')}<a class="button" href="/sign-up">Sign up</a></nav>
</header>
${aside === undefined ? content : `<div class="beside">\n${content}\n<aside id="pages">\n${aside}\n</aside>\n</div>`}
</body>
</html>
`;
}

/** Text as it may stand in HTML, in attributes too. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
