import type { ServerResponse } from 'node:http';
import { WebSocketServer } from 'ws';
import { isObject, objectAt } from '../engines/json.ts';
import type { FakeEngineServer } from './fake-engine-server.ts';
import { sendJson, startFakeEngineServer } from './fake-engine-server.ts';
import { pngOf } from './render-setup.ts';

export type FakeComfyOptions = {
  checkpoints?: string[];
  /** The lists of its fields in the form of before 2025. */
  isOld?: boolean;
  /** A class that it lacks, or that an extension has replaced. */
  lacks?: string;
  replaced?: string;
  hasSocket?: boolean;
  /** `stays`: until it is interrupted. `hangs`: for ever. `waits`: behind another prompt. `cuts-line`: once. */
  render?:
    | 'works'
    | 'invalid'
    | 'missing-model'
    | 'out-of-memory'
    | 'fails'
    | 'interrupted'
    | 'stays'
    | 'hangs'
    | 'waits'
    | 'lost'
    | 'no-picture'
    | 'other-size'
    | 'cuts-line';
};

export type FakeComfy = FakeEngineServer & {
  /** What is left in its queue and its history. */
  left(): { queue: string[]; history: string[] };
};

const STEPS = 3;

/** Plays ComfyUI (`server.py`, `execution.py`, 2026): one prompt, which makes a step whenever its history is looked at. */
export async function startFakeComfy(options: FakeComfyOptions = {}): Promise<FakeComfy> {
  const { checkpoints = ['sd_xl_base_1.0.safetensors'], render = 'works' } = options;
  const sockets = new WebSocketServer({ noServer: true });
  const queue = new Set<string>();
  const history = new Map<string, object>();
  let step = 0;

  const tell = (message: Buffer | string): void => sockets.clients.forEach((client) => client.send(message));

  function end(id: string, status: object): void {
    queue.delete(id);
    history.set(id, { prompt: [0, id, { secret: 'a fox' }], outputs: {}, status });
  }

  function endWith(id: string, type: string, data: object): void {
    end(id, {
      status_str: 'error',
      completed: false,
      messages: [
        ['execution_start', {}],
        [type, data],
      ],
    });
  }

  function work(id: string): void {
    if (!queue.has(id) || render === 'hangs' || render === 'waits') return;
    step += 1;
    if (render === 'lost') return void queue.delete(id);
    if (render === 'cuts-line' && step === 1) return sockets.clients.forEach((client) => client.terminate());
    const progress = { value: Math.min(step, STEPS), max: STEPS, prompt_id: id, node: '5' };
    tell(JSON.stringify({ type: 'status', data: {} }));
    tell(JSON.stringify({ type: 'progress', data: progress }));
    tell(Buffer.concat([Buffer.from([0, 0, 0, 1, 0, 0, 0, 1]), Buffer.from('a preview, as JPEG')]));
    if (render === 'stays' || step < STEPS) return;
    const words = { exception_type: 'RuntimeError', exception_message: 'a fox', node_type: 'KSampler' };
    const memory = {
      ...words,
      exception_type: 'torch.OutOfMemoryError',
      exception_message: 'Allocation on device',
    };
    if (render === 'out-of-memory') return endWith(id, 'execution_error', memory);
    if (render === 'fails') return endWith(id, 'execution_error', words);
    if (render === 'interrupted') return endWith(id, 'execution_interrupted', { prompt_id: id });
    const png = render === 'other-size' ? pngOf(64, 64) : pngOf();
    if (render !== 'no-picture') tell(Buffer.concat([Buffer.from([0, 0, 0, 1, 0, 0, 0, 2]), png]));
    end(id, { status_str: 'success', completed: true, messages: [] });
  }

  function submit(body: Record<string, unknown>, response: ServerResponse): void {
    const id = String(body.prompt_id);
    const error = { type: 'prompt_outputs_failed_validation', message: 'Prompt outputs failed validation' };
    const type = render === 'missing-model' ? 'value_not_in_list' : 'value_smaller_than_min';
    if (render === 'invalid' || render === 'missing-model') {
      return sendJson(response, 400, {
        error,
        node_errors: { '1': { errors: [{ type, details: 'a fox' }] } },
      });
    }
    queue.add(id);
    return sendJson(response, 200, { prompt_id: id, number: 1, node_errors: {} });
  }

  function info(name: string): object {
    if (name === options.lacks) return {};
    const own = name === 'SaveImageWebsocket' ? 'custom_nodes.websocket_image_save' : 'nodes';
    const field = options.isOld === true ? [checkpoints, {}] : ['COMBO', { options: checkpoints }];
    const required = name === 'CheckpointLoaderSimple' ? { ckpt_name: field } : {};
    const python_module = name === options.replaced ? 'custom_nodes.other' : own;
    return { [name]: { input: { required }, output_node: false, python_module } };
  }

  function change(path: string, body: Record<string, unknown>): void {
    const ids = Array.isArray(body.delete) ? body.delete.map(String) : [];
    if (path === '/history') ids.forEach((id) => history.delete(id));
    if (path === '/queue' && render === 'waits') ids.forEach((id) => queue.delete(id));
    if (path === '/interrupt' && render !== 'hangs')
      endWith(String(body.prompt_id), 'execution_interrupted', {});
  }

  const server = await startFakeEngineServer(
    ({ method, path, body }, response) => {
      const root = path.replace(/^\/v1/u, '');
      const fields = isObject(body) ? body : {};
      if (root === '/system_stats') return sendJson(response, 200, { system: { comfyui_version: '0.9.2' } });
      if (root.startsWith('/object_info/'))
        return sendJson(response, 200, info(root.slice('/object_info/'.length)));
      if (root === '/prompt' && method === 'POST') return submit(fields, response);
      if (method === 'POST') {
        change(root, fields);
        return void response.end();
      }
      if (root === '/queue') {
        const entries = [...queue].map((id) => [1, id, { secret: 'a fox' }]);
        const [running, pending] = render === 'waits' ? [[], entries] : [entries, []];
        return sendJson(response, 200, { queue_running: running, queue_pending: pending });
      }
      const id = root.replace('/history/', '');
      work(id);
      return sendJson(
        response,
        200,
        objectAt({ found: history.has(id) ? { [id]: history.get(id) } : {} }, 'found'),
      );
    },
    (request, socket, head) => {
      if (options.hasSocket === false) return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return sockets.handleUpgrade(request, socket, head, () => undefined);
    },
  );
  return {
    ...server,
    left: () => ({ queue: [...queue], history: [...history.keys()] }),
    close() {
      sockets.clients.forEach((client) => client.terminate());
      return server.close();
    },
  };
}
