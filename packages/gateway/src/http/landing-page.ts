import type { ModelView } from '../catalog/model-view.ts';
import type { Config } from '../config/config.ts';
import { escapeHtml, htmlDocument } from '../core/html.ts';

/** The start page: what this server is, which models it serves now, and how to call it. Plain HTML, no script. */
export function landingPage(config: Config, models: readonly ModelView[], baseUrl: string): string {
  const name = escapeHtml(config.brand.name);
  const example = models.find((model) => model.available) ?? models[0];
  return htmlDocument({
    title: config.brand.name,
    brand: config.brand.name,
    main: `<h1>${name}</h1>
<p class="lead">An inference gateway that speaks the APIs of OpenAI and Anthropic. Point your client at the base URL and use your key.</p>
<dl>
<dt>Base URL</dt><dd><code>${escapeHtml(baseUrl)}/v1</code></dd>
<dt>Key</dt><dd><code>sk-${escapeHtml(config.brand.keyPrefix)}-…</code> in the <code>Authorization: Bearer</code> header</dd>
</dl>
<h2 id="models">Models</h2>
<div class="scroll" role="region" aria-labelledby="models" tabindex="0"><table>
<thead><tr><th scope="col">Model</th><th scope="col">Price</th><th scope="col">Context</th><th scope="col">Now</th></tr></thead>
<tbody>
${models.map(modelRow).join('\n')}
</tbody>
</table></div>
<h2>Try it</h2>
<pre tabindex="0"><code>${escapeHtml(curlExample(baseUrl, example?.id ?? 'model'))}</code></pre>
<p>All routes, fields and errors: <a href="/docs/api">API reference</a>, <a href="/openapi.json">OpenAPI document</a>.</p>
<h2>What holds here</h2>
<ul class="promises">
<li><strong>Nothing is kept</strong> Nothing of a prompt or an answer is written anywhere. Only counts and amounts are, for billing.</li>
<li><strong>You pay ahead</strong> A balance never goes below zero. What a request may cost at most is set aside before it runs.</li>
<li><strong>Failures are free</strong> A request that gets no answer is not charged.</li>
</ul>
`,
  });
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
