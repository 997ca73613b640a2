// HTTP on loopback: the page and its files, and the signalling.
//   POST   /api/connections                  an offer; the reply has the answer and an id
//   POST   /api/connections/ID/candidates    a candidate of the page, or null
//   GET    /api/connections/ID/events        our candidates and states, as server-sent events
//   DELETE /api/connections/ID               the page is done
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { FRAME, pageIn } from '../shared/frame.ts';
import { bodyOf, checkOrigin, HttpError, LOOK, reply, replyError, replyFile } from '../shared/http.ts';
import { Session } from './session.ts';

const MAX_SESSIONS = 32;

const page = (name: string): URL => new URL(`public/${name}`, import.meta.url);

/** What can be asked for; nothing else of the disk can. */
const FILES: ReadonlyMap<string, URL | string> = new Map<string, URL | string>([
  ...['app.js', 'link.js', 'chat.js', 'throughput.js', 'round-trip.js', 'paths.js', 'timeline.js'].map((name): [string, URL] => [`/${name}`, page(name)]),
  ...LOOK,
]);

/** The page itself. */
function indexPage(): string {
  return pageIn({
    title: 'sansrtc demo',
    heading: 'sansrtc',
    about: 'This browser and a Node.js process, over WebRTC data channels',
    body: readFileSync(page('body.html'), 'utf8'),
    state: 'idle',
    status: 'not connected',
    actions: '<button id="connect" class="primary">Connect</button>',
    footer: 'Nothing leaves this machine: signalling is HTTP on 127.0.0.1.',
  });
}

export class DemoServer {
  readonly http: Server;
  readonly #sessions = new Map<string, Session>();

  constructor() {
    this.http = createServer((request, response) => {
      this.#handle(request, response).catch((error: unknown) => replyError(response, error));
    });
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    checkOrigin(request);
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    if (!pathname.startsWith('/api/')) {
      if (pathname === '/') return replyFile(request, response, FRAME, indexPage());
      const file = FILES.get(pathname);
      if (!file) throw new HttpError(404, 'no such file');
      return replyFile(request, response, file);
    }
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
