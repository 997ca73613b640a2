// What every server of the examples needs: on loopback, for pages of its own only.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAX_BODY_BYTES = 256 * 1024;
const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

const look = (name: string): URL => new URL(`page/${name}`, import.meta.url);
const plot = (name: string): string => fileURLToPath(import.meta.resolve(`uplot/dist/${name}`));

/** The look that all pages share, by path. */
export const LOOK: readonly (readonly [string, URL | string])[] = [
  ...['style.css', 'theme.js', 'plot.js', 'icon.svg'].map((name) => [`/${name}`, look(name)] as const),
  ['/uplot.js', plot('uPlot.esm.js')],
  ['/uplot.css', plot('uPlot.min.css')],
];

export class HttpError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The body of a request, parsed; an HttpError when it is too large or not JSON. */
export async function bodyOf(request: IncomingMessage): Promise<unknown> {
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

export function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

/** What a request ends with when its handler threw. */
export function replyError(response: ServerResponse, error: unknown): void {
  const status = error instanceof HttpError ? error.status : 500;
  if (status === 500) console.error(error);
  if (response.headersSent) response.end();
  else reply(response, status, { error: error instanceof Error ? error.message : String(error) });
}

/** Only pages of this server may talk to it: another site that a browser shows must not reach it by a name of its own. */
export function checkOrigin(request: IncomingMessage): void {
  const host = request.headers.host ?? '';
  const { origin } = request.headers;
  const local = /^(127\.0\.0\.1|localhost)(:\d{1,5})?$/.test(host);
  if (!local || (origin !== undefined && origin !== `http://${host}`)) throw new HttpError(403, 'not from this page');
}

/** Sends a file (or, for a page that is made here, its text). */
export async function replyFile(request: IncomingMessage, response: ServerResponse, file: URL | string, text?: string): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') throw new HttpError(405, 'not allowed');
  const content = text ?? (await readFile(file));
  response.writeHead(200, {
    'content-type': `${TYPES[extname(file.toString())] ?? 'application/octet-stream'}; charset=utf-8`,
    'cache-control': 'no-cache',
    'content-security-policy': "default-src 'self'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
  });
  response.end(request.method === 'HEAD' ? undefined : content);
}
