// The server of an example's page. Signalling:
//   GET  /signal      begins it: server-sent events, the first of which has its id
//   POST /signal/ID   what the page says
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FRAME, pageIn } from './frame.ts';
import { bodyOf, checkOrigin, HttpError, LOOK, reply, replyError, replyFile } from './http.ts';
import { listen } from './listen.ts';
import { html, plain, readmeOf } from './readme.ts';
import { type Message, Signal } from './signal.ts';
import { complain } from './stop.ts';

const MAX_PAGES = 32;

const shared = (name: string): URL => new URL(`page/${name}`, import.meta.url);

function pageOf(folder: URL, name: string): string {
  const body = readFileSync(new URL('page/body.html', folder), 'utf8');
  const { about, hints } = readmeOf(folder);
  return pageIn({ title: `${name} · sansrtc`, heading: name, about: plain(about), hint: hints.map(html).join(''), body });
}

/**
 * Serves the page of an example (its folder `page/`) on 127.0.0.1 and calls `onPage` for each page that opens, with the
 * signalling to it. Ctrl-C ends the pages' connections, then the program.
 */
export async function serve(main: string, port: number, onPage: (signal: Signal) => unknown): Promise<void> {
  const folder = new URL('.', main);
  const name = basename(fileURLToPath(folder));
  const files = new Map<string, URL | string>([
    ...LOOK,
    ...['page.js', 'connect.js', 'media.js'].map((file) => [`/${file}`, shared(file)] as const),
    ...readdirSync(new URL('page/', folder)).map((file) => [`/${file}`, new URL(`page/${file}`, folder)] as const),
  ]);
  const signals = new Map<string, Signal>();

  async function begin(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET') throw new HttpError(405, 'not allowed');
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    const signal = new Signal(response);
    if (signals.size >= MAX_PAGES) {
      signal.send({ error: `${MAX_PAGES} pages are connected already: close some` });
      return signal.end();
    }
    const id = randomUUID();
    signals.set(id, signal);
    signal.onEnd(() => void signals.delete(id));
    signal.send({ id });
    try {
      await onPage(signal);
    } catch (error) {
      if (!signal.isOpen) return; // nothing works with a page that is gone
      complain(error);
      signal.send({ error: error instanceof Error ? error.message : String(error) });
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    checkOrigin(request);
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname === '/signal') return begin(request, response);
    if (pathname === '/') return replyFile(request, response, FRAME, pageOf(folder, name));
    const signal = pathname.startsWith('/signal/') ? signals.get(pathname.slice(8)) : undefined;
    if (signal && request.method === 'POST') {
      signal.receive((await bodyOf(request)) as Message);
      return reply(response, 200, {});
    }
    const file = files.get(pathname);
    if (!file) throw new HttpError(404, 'no such thing');
    return replyFile(request, response, file);
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => replyError(response, error));
  });
  const bound = await listen(server, port);

  let isEnding = false;
  const end = async (): Promise<void> => {
    if (isEnding) process.exit(1); // the second Ctrl-C does not wait
    isEnding = true;
    await Promise.all([...signals.values()].map((signal) => signal.end()));
    server.close();
    server.closeAllConnections();
  };
  for (const one of ['SIGINT', 'SIGTERM'] as const) process.on(one, () => void end());
  console.log(`\n  ${name}   http://127.0.0.1:${bound}/   (Ctrl-C ends it)\n`);
}
