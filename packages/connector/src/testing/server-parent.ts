/** A process with a child server that does nothing but hold a connection to the port that the test gave. Run by a test. */
import { createChildServer } from '../engines/child-server.ts';
import { systemTimers } from '../timers.ts';

const [port = '', searchPath = ''] = process.argv.slice(2);
createChildServer({
  name: 'a server',
  program: process.execPath,
  words: ['-e', `require('node:net').connect(${port}, '127.0.0.1')`],
  environment: { PATH: searchPath },
  isReady: () => Promise.resolve(true),
  timers: systemTimers,
}).start();
