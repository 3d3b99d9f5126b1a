/** Plain pages of the gateway: no script, nothing from elsewhere, readable in both themes. */

/** A whole document. `title` is text, `main` is HTML that was escaped where it had to be. */
export function htmlDocument({ title, main }: { title: string; main: string }): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
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

/** Both themes, by what the reader's system prefers. */
const STYLE = `
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#59636e;--line:#d1d9e0;--back:#fff;--box:#f6f8fa;--link:#0969da;--on:#1a7f37;--off:#9a6700}
@media(prefers-color-scheme:dark){:root{--ink:#f0f3f6;--soft:#9ba4ae;--line:#3d444d;--back:#0d1117;--box:#151b23;--link:#4493f8;--on:#3fb950;--off:#d29922}}
body{margin:0;background:var(--back);color:var(--ink);font:16px/1.6 system-ui,sans-serif}
main{max-width:46rem;margin:0 auto;padding:3rem 1.25rem}
h1{font-size:2rem;margin:0 0 .5rem}h2{font-size:1.15rem;margin:2.25rem 0 .5rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem}dt{color:var(--soft)}dd{margin:0}
code,pre{font-family:ui-monospace,monospace;font-size:.9em}
pre{background:var(--box);border:1px solid var(--line);border-radius:8px;padding:1rem;overflow-x:auto}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.4rem .75rem .4rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--soft);font-weight:600}.on{color:var(--on)}.off{color:var(--off)}
a{color:var(--link)}h3{font-size:1rem;margin:1.75rem 0 .25rem;scroll-margin-top:1rem}
.method{color:var(--soft);font-weight:600}.soft{color:var(--soft)}nav ul{columns:2;column-width:18rem;padding-left:1.1rem}
td:first-child,th:first-child{white-space:nowrap}section{border-top:1px solid var(--line);margin-top:2.25rem;padding-top:.5rem}
`;
