// npm start [-- --port=8080]
// A page whose data channels end in this process.
import { listen } from '../shared/listen.ts';
import { optionsOf } from '../shared/options.ts';
import { DemoServer } from './server.ts';

const { port: wanted } = optionsOf();
const demo = new DemoServer();
const port = await listen(demo.http, wanted);
let ending = false;
async function end(): Promise<void> {
  if (ending) process.exit(1); // the second Ctrl-C does not wait
  ending = true;
  await demo.close();
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void end());
console.log(`\n  sansrtc demo   http://127.0.0.1:${port}/   (Ctrl-C ends it)\n`);
