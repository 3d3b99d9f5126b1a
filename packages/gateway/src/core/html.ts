/** Plain pages of the gateway: no script, one style sheet of ours, nothing from elsewhere, readable in both themes. */

export type HtmlDocument = {
  /** Text. */
  title: string;
  /** The operator's name, as text. */
  brand: string;
  /** HTML that was escaped where it had to be. */
  main: string;
};

/** A whole document with the header that every page has. */
export function htmlDocument({ title, brand, main }: HtmlDocument): string {
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
<nav aria-label="Site"><a href="/#models">Models</a><a href="/docs">Docs</a><a href="/docs/api">API reference</a><a href="/sign-in">Sign in</a><a class="button" href="/sign-up">Sign up</a></nav>
</header>
<main id="main">
${main}
</main>
</body>
</html>
`;
}

/** Text as it may stand in HTML, in attributes too. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
