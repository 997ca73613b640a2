// npm start [-- --port=8080]
// A page whose data channels end in this process.
import { listen } from '../shared/listen.ts';
import { DemoServer } from './server.ts';

const DEFAULT_PORT = 8080;

function wantedPort(): number {
  const text = process.argv.find((a) => a.startsWith('--port='))?.slice(7) ?? process.env.PORT ?? String(DEFAULT_PORT);
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  console.error(`'${text}' is not a port: use --port=8080, or PORT=8080.`);
  process.exit(2);
}

const demo = new DemoServer();
const port = await listen(demo.http, wantedPort());
console.log(`\n  sansrtc demo   http://127.0.0.1:${port}/   (Ctrl-C ends it)\n`);

let ending = false;
async function end(): Promise<void> {
  if (ending) process.exit(1); // the second Ctrl-C does not wait
  ending = true;
  await demo.close();
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void end());
