import type { ConsoleModel } from '@switchyard/protocol/console/models.ts';
import { escapeHtml, htmlDocument } from '../core/html.ts';
import { availabilityCell } from './availability-cell.ts';
import { clockText, dayText } from './utc-text.ts';

export type StatusView = {
  brand: string;
  version: string;
  nowMs: number;
  startedAtMs: number;
  /** It takes requests, and can record what they cost. */
  isAccepting: boolean;
  isLedgerHealthy: boolean;
  maintenance: { on: boolean; message: string };
  models: readonly ConsoleModel[];
};

/** How the models and the gateway are doing, for everyone. Plain HTML, no script. */
export function statusPage(view: StatusView): string {
  const { brand, models, nowMs } = view;
  return htmlDocument({
    title: `Status · ${brand}`,
    brand,
    here: '/status',
    main: `<h1>Status</h1>
<p class="lead">${escapeHtml(summary(view))}</p>
<h2 id="gateway">Gateway</h2>
<dl>
<dt>Requests</dt><dd>${requestsState(view)}</dd>
<dt>Ledger</dt><dd>${state(view.isLedgerHealthy, 'charges are recorded', 'cannot be written: paid requests are refused')}</dd>
<dt>Running since</dt><dd>${moment(view.startedAtMs)}</dd>
<dt>Version</dt><dd>${escapeHtml(view.version)}</dd>
</dl>
<h2 id="models">Models</h2>
${models.length === 0 ? '<p>No model is configured yet.</p>' : modelTable(models, nowMs)}
<p class="soft">As of ${moment(nowMs)}. All times are UTC. Models are looked at once a minute, from a minute after the start on; a restart forgets what was before. Programs read what is available now in <code>GET /v1/models</code>.</p>
`,
  });
}

function summary({ models }: StatusView): string {
  const count = models.filter(({ available }) => available).length;
  if (models.length === 0) return 'The gateway answers.';
  if (count === models.length)
    return count === 1 ? 'The model is available.' : `All ${count} models are available.`;
  return `${count} of ${models.length} models ${count === 1 ? 'is' : 'are'} available.`;
}

function requestsState({ isAccepting, maintenance }: StatusView): string {
  if (maintenance.on) {
    const why = maintenance.message === '' ? '' : `: ${escapeHtml(maintenance.message)}`;
    return `<span class="off">paused</span>${why}`;
  }
  return state(isAccepting, 'taken', 'not taken: the gateway is about to stop');
}

/** A dot and a word: colour is never alone. */
function state(isGood: boolean, good: string, bad: string): string {
  return isGood ? `<span class="on">${good}</span>` : `<span class="off">${bad}</span>`;
}

function modelTable(models: readonly ConsoleModel[], nowMs: number): string {
  return `<div class="scroll" role="region" aria-labelledby="models" tabindex="0"><table>
<thead><tr><th scope="col">Model</th><th scope="col">Now</th><th scope="col">First word after</th><th scope="col">Last 24 hours</th></tr></thead>
<tbody>
${models.map((model) => modelRow(model, nowMs)).join('\n')}
</tbody>
</table></div>`;
}

function modelRow(model: ConsoleModel, nowMs: number): string {
  const { id, displayName, firstContentMs, history } = model;
  return `<tr>
<td><code>${escapeHtml(id)}</code>${displayName === id ? '' : `<br><span class="soft">${escapeHtml(displayName)}</span>`}</td>
<td>${stateOf(model)}${sinceText(model)}</td>
<td>${firstContentMs === null ? '<span class="soft">not known</span>' : secondsText(firstContentMs)}</td>
<td>${availabilityCell(history, nowMs)}</td>
</tr>`;
}

function stateOf({ available, expectedWaitSeconds }: ConsoleModel): string {
  if (!available) return '<span class="off">offline</span>';
  const seconds = expectedWaitSeconds ?? 0;
  if (seconds === 0) return '<span class="on">available</span>';
  return `<span class="on">busy</span>, waits about ${Math.ceil(seconds)} s`;
}

function sinceText({ availableSince }: ConsoleModel): string {
  const sinceMs = availableSince === null ? Number.NaN : Date.parse(availableSince);
  return Number.isNaN(sinceMs) ? '' : `<br><span class="soft">since ${moment(sinceMs)}</span>`;
}

function moment(atMs: number): string {
  const iso = new Date(atMs).toISOString();
  return `<time datetime="${iso}">${dayText(atMs)} ${clockText(atMs)}</time>`;
}

function secondsText(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
