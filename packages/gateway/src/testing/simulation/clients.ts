import { serveText } from '../../inference/serve-text.ts';
import { chatCompletionsSurface } from '../../surfaces/chat-completions/surface.ts';
import { FakeResponse } from './fake-response.ts';
import type { GatewayProcess } from './gateway-process.ts';
import { createRequestOracle } from './oracle.ts';
import { priceOf, worstCaseMicros } from './price-oracle.ts';
import type { Ask, RequestRecord, Stage } from './stage.ts';

const DONE = 'data: [DONE]\n\n';
const PROMPTS = ['Hi', 'Say something about the sea.', 'Žluťoučký kůň', 'x'.repeat(400)] as const;
/** Everyone has left after this. */
const PATIENCE_MAX_MS = 200_000;

/** A client sends one request to the gateway that runs now, reads as fast as it likes, and leaves when it wants. */
export function sendRequest(stage: Stage, process: GatewayProcess, number: number): void {
  const { random, scheduler, owner, trace, people, stats } = stage;
  const keyId = random.pick([...people.keys.keys()]);
  const accountId = people.keys.get(keyId)?.account.id ?? '';
  const orderName = random.chance(0.25) ? `order-${random.int(0, 4)}` : undefined;
  const order = orderName === undefined ? undefined : `${accountId} ${orderName}`;
  const ask = askFor(stage, order);
  const fate = random.next();
  const isDryRun = fate > 0.96;
  const body = Buffer.from(
    fate < 0.02 ? '{"model":' : JSON.stringify({ ...ask.body, ...(fate < 0.04 ? { model: 'nothing' } : {}) }),
  );
  const response = openConnection(stage, process, () => record);
  const price = priceOf(ask.model, process.deps.clock.nowMs());
  const record: RequestRecord = {
    id: `req_${number}`,
    order,
    isDryRun,
    ask,
    price,
    keyId,
    accountId,
    response,
    epoch: process.life.epoch,
    holdMicros: undefined,
    isResolved: false,
    goneAtMs: undefined,
    endedCount: 0,
    status: 0,
    text: '',
    isHandedOut: false,
    sawEnd: false,
    oracle: createRequestOracle({
      ...ask,
      payerId: accountId,
      price: price.price,
      holdMicros: () => record.holdMicros ?? 0,
    }),
  };
  stage.requests.set(record.id, record);
  stage.requestsByBody.set(body, record);
  stats.requests += 1;
  stage.open += 1;
  trace.note(`${record.id} ${ask.model.id} ${keyId} ${ask.streamed ? 'streamed' : 'whole'} ${order ?? ''}`);

  serveText(process.deps, chatCompletionsSurface, {
    requestId: record.id,
    rawHeaders: [
      'authorization',
      fate > 0.04 && fate < 0.06 ? 'Bearer wrong' : `Bearer ${keyId}`,
      ...(orderName === undefined ? [] : ['Idempotency-Key', orderName]),
      ...(isDryRun ? ['x-dry-run', 'true'] : []),
    ],
    body,
    response: response.asServerResponse(),
    remoteAddress: '127.0.0.1',
    startedAtMs: process.deps.clock.nowMs(),
    startedMonotonicMs: process.deps.clock.monotonicMs(),
    rateWindow: undefined,
  });
  checkHold(stage, process, record);

  const leavesAtMs = random.chance(0.25) ? random.int(0, 6_000) : random.int(60_000, PATIENCE_MAX_MS);
  const leaving = scheduler.after(leavesAtMs, owner, () => {
    if (response.closed) return;
    trace.note(`${record.id} leaves`);
    stats.left += 1;
    response.leave();
  });
  response.onGone(() => leaving.cancel());
}

/** Who repeats an order asks for the same again, nearly always. */
function askFor(stage: Stage, order: string | undefined): Ask {
  const known = order === undefined ? undefined : stage.orders.get(order);
  if (known !== undefined) stage.stats.repeated += 1;
  if (known !== undefined && stage.random.chance(0.85)) return known;
  const ask = makeAsk(stage);
  if (order !== undefined) stage.orders.set(order, ask);
  return ask;
}

/** The input's measures are told a second time here: bytes, 16 and 4 for each message, 256 for the request. */
function makeAsk({ random, people }: Stage): Ask {
  const model = random.pick([...people.models.values()]);
  const messages = Array.from({ length: random.int(1, 3) }, () => ({
    role: 'user',
    content: random.pick(PROMPTS),
  }));
  let bytes = 0;
  for (const { content } of messages) bytes += Buffer.byteLength(content);
  const streamed = random.chance(0.6);
  const asksUsage = streamed && random.chance(0.5);
  const clientCap = random.chance(0.4) ? random.pick([1, 5, 40, 300, 5_000]) : undefined;
  return {
    model,
    streamed,
    asksUsage,
    clientCap,
    inputCeiling: 256 + 16 * messages.length + bytes,
    inputEstimate: 4 * messages.length + Math.ceil(bytes / 4),
    body: {
      model: model.id,
      messages,
      ...(streamed ? { stream: true } : {}),
      ...(asksUsage ? { stream_options: { include_usage: true } } : {}),
      ...(clientCap === undefined ? {} : { max_tokens: clientCap }),
    },
  };
}

/** The hold must be the worst case of the cap that the targets will be told, and the cap what was asked for. */
function checkHold(stage: Stage, process: GatewayProcess, record: RequestRecord): void {
  const { holdMicros, id } = record;
  const { model, clientCap, inputCeiling } = record.ask;
  if (holdMicros === undefined || !process.life.alive) return;
  const most = Math.min(model.maxOutputTokens, clientCap ?? Infinity);
  const worst = worstCaseMicros(record.price.price, inputCeiling, most);
  const isCutToBalance = clientCap === undefined && holdMicros < worst;
  if (holdMicros !== worst && !isCutToBalance)
    stage.report(`${id}: holds ${holdMicros}, worst case is ${worst}`);
}

function openConnection(stage: Stage, process: GatewayProcess, recordOf: () => RequestRecord): FakeResponse {
  const { random, scheduler, owner, trace } = stage;
  const reader = random.next();
  return new FakeResponse({
    life: process.life,
    scheduler,
    world: owner,
    highWaterBytes: random.int(200, 3_000),
    reader: reader < 0.65 ? 'fast' : reader < 0.95 ? 'slow' : 'stuck',
    readBytes: random.int(100, 2_000),
    readEveryMs: random.int(5, 400),
    onHead(status) {
      recordOf().status = status;
    },
    onData(data) {
      recordOf().text += data;
    },
    onEnd() {
      recordOf().sawEnd = true;
    },
    onHandedOut: (status, data) => checkHandedOut(stage, recordOf(), { status, data }),
    onClosing() {
      recordOf().goneAtMs = scheduler.nowMs();
      recordOf().oracle.clientLeft();
    },
    onStalled() {
      // Once a request has its charge, a client that does not fetch the rest holds nothing but its own connection.
      const { id, isResolved } = recordOf();
      if (!isResolved) stage.report(`${id}: takes nothing for too long and is not cut`);
    },
    onClosed() {
      stage.open -= 1;
      trace.note(`${recordOf().id} closed ${recordOf().status} ${recordOf().text.length}`);
    },
    onMisuse: (what) => stage.report(`${recordOf().id}: ${what}`),
  });
}

/** The last bytes of a good answer leave only after its charge is durable, and say what was charged. */
function checkHandedOut(stage: Stage, record: RequestRecord, last: { status: number; data: string }): void {
  if (last.status !== 200) return;
  const { id, isDryRun } = record;
  const { streamed, asksUsage } = record.ask;
  if (isDryRun) {
    if (record.holdMicros !== undefined) stage.report(`${id}: only asked for the price and holds money`);
    return;
  }
  record.isHandedOut = true;
  stage.trace.note(`${id} handed out`);
  const kept = stage.store.receipts.get(id);
  const expected = record.oracle.expectation();
  if (kept === undefined) stage.report(`${id}: the answer is handed out before its receipt is durable`);
  if (expected === undefined) stage.report(`${id}: the answer is handed out before it has ended`);
  if (streamed && !last.data.endsWith(DONE)) stage.report(`${id}: a stream without its end mark was ended`);
  const cost = /"cost":([\d.]+)[,}]/.exec(last.data)?.[1];
  if ((asksUsage || !streamed) && Math.round(Number(cost) * 1e6) !== expected?.chargeMicros) {
    stage.report(`${id}: the client is told a cost of ${cost}`);
  }
}

/** Whether the client can take what it has read for a whole answer. */
export function sawWholeAnswer(record: RequestRecord): boolean {
  if (record.status !== 200 || record.isDryRun) return false;
  return record.ask.streamed ? record.text.endsWith(DONE) : record.sawEnd;
}
