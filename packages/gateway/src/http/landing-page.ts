import { codeBlock, firstRequestCode, languageLinks, type Language } from '../api-reference/code-examples.ts';
import type { ModelView } from '../catalog/model-view.ts';
import { escapeHtml, htmlDocument } from '../core/html.ts';

export type LandingOptions = {
  brand: string;
  keyPrefix: string;
  models: readonly ModelView[];
  baseUrl: string;
  /** Of the example. */
  language: Language;
};

/** The start page: what this server is, how to call it, and which models it serves now. Plain HTML, no script. */
export function landingPage({ brand, keyPrefix, models, baseUrl, language }: LandingOptions): string {
  const name = escapeHtml(brand);
  const example = models.find(isTextNow) ?? models.find(({ kind }) => kind === 'text');
  return htmlDocument({
    title: brand,
    brand,
    main: `<h1>Models for the clients you already have</h1>
<p class="lead">${name} answers the APIs of OpenAI and Anthropic, from shared GPUs, your own machines and other
providers. Change the base URL, use your key.</p>
<section class="try" id="try" aria-label="A first request">
${languageLinks('/', 'try', language)}
${codeBlock(firstRequestCode(baseUrl, example?.id ?? 'model', language), 'A first request')}
<p class="soft">A click selects all of it. <code>SWITCHYARD_API_KEY</code> is <code>sk-${escapeHtml(keyPrefix)}-…</code>:
<a href="/sign-up">sign up</a> and make one. More: <a href="/docs#clients">clients</a>,
<a href="/docs/api">API reference</a>, <a href="/openapi.json">OpenAPI</a>.</p>
</section>
<h2 id="models">Models now</h2>
${modelTable(models)}
<p><a href="/status">Status</a>: since when, and how the last 24 hours were.</p>
<h2>What holds here</h2>
<ul class="promises">
<li><strong>Nothing is kept</strong> Nothing of a prompt or an answer is written anywhere. Only counts and amounts are, for billing.</li>
<li><strong>You pay ahead</strong> A balance never goes below zero. What a request may cost at most is set aside before it runs.</li>
<li><strong>Failures are free</strong> A request that gets no answer is not charged.</li>
</ul>
<h2>Run it yourself</h2>
<p>${name === 'Switchyard' ? 'Switchyard' : `${name} runs on Switchyard, which`} is open source. In a checkout, with Node 20 or newer and git, one command starts a gateway with a demo model:</p>
${codeBlock('npm start', 'Start a gateway')}
<p class="soft">A GPU to spare? A <a href="/docs/guide/nodes">node</a> serves a pool and earns, or only your own keys. What an operator sets: <a href="/docs/guide/configuration">configuration</a>.</p>
`,
  });
}

function isTextNow({ kind, available }: ModelView): boolean {
  return kind === 'text' && available;
}

function modelTable(models: readonly ModelView[]): string {
  if (models.length === 0) return '<p>The operator has set up no model yet.</p>';
  return `<div class="scroll" role="region" aria-labelledby="models" tabindex="0"><table class="models">
<thead><tr><th scope="col">Model</th><th scope="col">Price</th><th scope="col" class="number">Context, tokens</th><th scope="col">Now</th></tr></thead>
<tbody>
${models.map(modelRow).join('\n')}
</tbody>
</table></div>`;
}

function modelRow(model: ModelView): string {
  const context = model.context_length?.toLocaleString('en-US') ?? (model.kind === 'image' ? 'pictures' : '');
  return `<tr><td><code>${escapeHtml(model.id)}</code></td><td>${escapeHtml(priceText(model))}</td><td class="number">${context}</td><td>${stateOf(model)}</td></tr>`;
}

function stateOf({ available, expected_wait_seconds: wait }: ModelView): string {
  if (!available) return '<span class="off">offline</span>';
  return wait === undefined || wait < 1
    ? '<span class="on">available</span>'
    : `<span class="on">in about ${Math.ceil(wait)} s</span>`;
}

function priceText({ kind, pricing }: ModelView): string {
  if (pricing.type === 'per_message') {
    const unit = kind === 'image' ? 'a picture' : 'a request';
    if (pricing.credits === 0) return 'free';
    return `${pricing.credits} ${pricing.credits === 1 ? 'credit' : 'credits'} (${usd(pricing.usd)}) ${unit}`;
  }
  return `${usd(pricing.input_per_million)} in, ${usd(pricing.output_per_million)} out a million tokens`;
}

/** At least cents: `$0.20`, `$0.0325`. */
function usd(amount: number): string {
  return `$${amount.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 6 })}`;
}
