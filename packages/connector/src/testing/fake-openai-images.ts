import type { FakeEngineServer } from './fake-engine-server.ts';
import { sendJson, startFakeEngineServer } from './fake-engine-server.ts';
import { pngOf } from './render-setup.ts';

export type FakeOpenAiImagesOptions = {
  models?: string[];
  answer?:
    | 'picture'
    | 'silence'
    | 'breaks-off'
    | 'url'
    | 'jpeg'
    | 'no-json'
    | 'empty'
    | 'endless'
    | 400
    | 401
    | 503;
};

/** Plays a server of OpenAI's image API (reference of `POST /images/generations`, read 2026-11-21). */
export async function startFakeOpenAiImages({
  models = ['sd_xl_base_1.0'],
  answer = 'picture',
}: FakeOpenAiImagesOptions = {}): Promise<FakeEngineServer> {
  return startFakeEngineServer(({ path }, response) => {
    const sendData = (first: object): void => sendJson(response, 200, { created: 1, data: [first] });
    if (path === '/v1/models') {
      return sendJson(response, 200, { object: 'list', data: models.map((id) => ({ id, object: 'model' })) });
    }
    switch (answer) {
      case 'picture':
        return sendData({ b64_json: pngOf().toString('base64') });
      case 'silence':
        return undefined;
      case 'breaks-off':
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1_000 });
        response.write('{"data":[{');
        return void setImmediate(() => response.destroy());
      case 'url':
        return sendData({ url: 'http://127.0.0.1/picture.png' });
      case 'jpeg':
        return sendData({ b64_json: Buffer.alloc(64, 0xff).toString('base64') });
      case 'no-json':
        return void response.end('<html>');
      case 'empty':
        return sendJson(response, 200, { data: [] });
      case 'endless':
        return sendData({ b64_json: 'A'.repeat(17 * 1024 * 1024) });
      case 400:
      case 401:
      case 503:
        return sendJson(response, answer, { error: { message: 'no: a fox' } });
    }
    return answer;
  });
}
