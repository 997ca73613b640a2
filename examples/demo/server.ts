// HTTP on loopback: the page and its files, and the signalling.
//   POST   /api/connections                  an offer; the reply has the answer and an id
//   POST   /api/connections/ID/candidates    a candidate of the page, or null
//   GET    /api/connections/ID/events        our candidates and states, as server-sent events
//   DELETE /api/connections/ID               the page is done
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Session } from './session.ts';

const MAX_BODY_BYTES = 256 * 1024;
const MAX_SESSIONS = 32;

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

const page = (name: string): URL => new URL(`public/${name}`, import.meta.url);
const plot = (name: string): string => fileURLToPath(import.meta.resolve(`uplot/dist/${name}`));

/** What can be asked for; nothing else of the disk can. */
const FILES: ReadonlyMap<string, URL | string> = new Map<string, URL | string>([
  ['/', page('index.html')],
  ...['style.css', 'app.js', 'link.js', 'chat.js', 'throughput.js', 'round-trip.js', 'paths.js', 'timeline.js', 'plot.js', 'theme.js', 'icon.svg'].map((name): [string, URL] => [`/${name}`, page(name)]),
  ['/uplot.js', plot('uPlot.esm.js')],
  ['/uplot.css', plot('uPlot.min.css')],
]);

class HttpError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new HttpError(413, 'too large');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    throw new HttpError(400, 'not JSON');
  }
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

/** Only pages of this server may talk to it: another site that a browser shows must not reach it by a name of its own. */
function checkOrigin(request: IncomingMessage): void {
  const host = request.headers.host ?? '';
  const { origin } = request.headers;
  const local = /^(127\.0\.0\.1|localhost)(:\d{1,5})?$/.test(host);
  if (!local || (origin !== undefined && origin !== `http://${host}`)) throw new HttpError(403, 'not from this page');
}

export class DemoServer {
  readonly http: Server;
  readonly #sessions = new Map<string, Session>();

  constructor() {
    this.http = createServer((request, response) => {
      this.#handle(request, response).catch((error: unknown) => {
        const status = error instanceof HttpError ? error.status : 500;
        if (status === 500) console.error(error);
        if (response.headersSent) response.end();
        else reply(response, status, { error: error instanceof Error ? error.message : String(error) });
      });
    });
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    checkOrigin(request);
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    if (!pathname.startsWith('/api/')) return this.#file(pathname, request, response);
    const [, , what, id, part] = pathname.split('/');
    if (what !== 'connections') throw new HttpError(404, 'no such thing');
    if (id === undefined) return this.#connect(request, response);
    const session = this.#sessions.get(id);
    if (!session) return void response.writeHead(204).end(); // it is over, which its page may not know yet
    switch (`${request.method} ${part ?? ''}`) {
      case 'POST candidates':
        await session.addCandidate(await bodyOf(request));
        return reply(response, 200, {});
      case 'GET events':
        return session.stream(response);
      case 'DELETE ':
        await session.close();
        return reply(response, 200, {});
      default:
        throw new HttpError(405, 'not allowed');
    }
  }

  async #file(pathname: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const file = FILES.get(pathname);
    if (!file) throw new HttpError(404, 'no such file');
    if (request.method !== 'GET' && request.method !== 'HEAD') throw new HttpError(405, 'not allowed');
    const content = await readFile(file);
    response.writeHead(200, {
      'content-type': `${TYPES[extname(file.toString())] ?? 'application/octet-stream'}; charset=utf-8`,
      'cache-control': 'no-cache',
      'content-security-policy': "default-src 'self'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
    });
    response.end(request.method === 'HEAD' ? undefined : content);
  }

  async #connect(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST') throw new HttpError(405, 'not allowed');
    if (this.#sessions.size >= MAX_SESSIONS) throw new HttpError(503, 'too many pages are connected: close some');
    const offer = await bodyOf(request);
    const session = await Session.open((closed) => this.#sessions.delete(closed.id));
    this.#sessions.set(session.id, session);
    try {
      reply(response, 201, { id: session.id, sdp: await session.answer(offer) });
    } catch (error) {
      await session.close();
      throw new HttpError(400, error instanceof Error ? error.message : String(error));
    }
  }

  /** Closes every connection, so that pages see it at once, and then the server. */
  async close(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => session.close()));
    this.http.close();
    this.http.closeAllConnections();
  }
}
