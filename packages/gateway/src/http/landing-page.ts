import type { ModelView } from '../catalog/model-view.ts';
import type { Config } from '../config/config.ts';

/** The start page: what this server is, which models it serves now, and how to call it. Plain HTML, no script. */
export function landingPage(config: Config, models: readonly ModelView[], baseUrl: string): string {
  const name = escapeHtml(config.brand.name);
  const example = models.find((model) => model.available) ?? models[0];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${name}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${name}</h1>
<p>An inference gateway that speaks the OpenAI API. Point your client at the base URL and use your key.</p>
<dl>
<dt>Base URL</dt><dd><code>${escapeHtml(baseUrl)}/v1</code></dd>
<dt>Key</dt><dd><code>sk-${escapeHtml(config.brand.keyPrefix)}-…</code> in the <code>Authorization: Bearer</code> header</dd>
</dl>
<h2>Models</h2>
<div class="scroll"><table>
<thead><tr><th scope="col">Model</th><th scope="col">Price</th><th scope="col">Context</th><th scope="col">Now</th></tr></thead>
<tbody>
${models.map(modelRow).join('\n')}
</tbody>
</table></div>
<h2>Try it</h2>
<pre><code>${escapeHtml(curlExample(baseUrl, example?.id ?? 'model'))}</code></pre>
<p>Nothing of a prompt or an answer is kept. Only counts and amounts are, for billing.</p>
</main>
</body>
</html>
`;
}

/** A request to paste, with the key in an environment variable. */
function curlExample(baseUrl: string, model: string): string {
  return [
    `curl ${baseUrl}/v1/chat/completions \\`,
    `  -H "Authorization: Bearer $SWITCHYARD_API_KEY" \\`,
    `  -H "Content-Type: application/json" \\`,
    `  -d '{"model":"${model}","messages":[{"role":"user","content":"Hello!"}]}'`,
  ].join('\n');
}

function modelRow(model: ModelView): string {
  const state = model.available
    ? '<span class="on">available</span>'
    : '<span class="off">no node online</span>';
  const context = model.context_length === undefined ? '' : `${model.context_length} tokens`;
  return `<tr><td><code>${escapeHtml(model.id)}</code></td><td>${escapeHtml(priceText(model))}</td><td>${context}</td><td>${state}</td></tr>`;
}

function priceText(model: ModelView): string {
  const { pricing } = model;
  if (pricing.type === 'per_message')
    return `${pricing.credits} ${pricing.credits === 1 ? 'credit' : 'credits'} ($${pricing.usd}) per request`;
  return `$${pricing.input_per_million} in, $${pricing.output_per_million} out per million tokens`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const STYLE = `
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#59636e;--line:#d1d9e0;--back:#fff;--box:#f6f8fa;--on:#1a7f37;--off:#9a6700}
@media(prefers-color-scheme:dark){:root{--ink:#f0f3f6;--soft:#9ba4ae;--line:#3d444d;--back:#0d1117;--box:#151b23;--on:#3fb950;--off:#d29922}}
body{margin:0;background:var(--back);color:var(--ink);font:16px/1.6 system-ui,sans-serif}
main{max-width:46rem;margin:0 auto;padding:3rem 1.25rem}
h1{font-size:2rem;margin:0 0 .5rem}h2{font-size:1.15rem;margin:2.25rem 0 .5rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem}dt{color:var(--soft)}dd{margin:0}
code,pre{font-family:ui-monospace,monospace;font-size:.9em}
pre{background:var(--box);border:1px solid var(--line);border-radius:8px;padding:1rem;overflow-x:auto}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.4rem .75rem .4rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--soft);font-weight:600}.on{color:var(--on)}.off{color:var(--off)}`;
