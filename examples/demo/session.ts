// One page: its peer connection, and the stream of events that goes to it.
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { createPeerConnection, type PeerConnection } from 'sansrtc';
import { serveChannel } from './channels.ts';

/** A page that was never heard of again is forgotten after this time. */
const UNUSED_MS = 45_000;

export class Session {
  readonly id: string = randomUUID();
  readonly #onClosed: (session: Session) => void;
  #pc: PeerConnection | undefined;
  #stream: ServerResponse | undefined;
  /** What happened before the page listened. */
  #early: string[] = [];
  #closed = false;
  readonly #unused: NodeJS.Timeout;

  private constructor(onClosed: (session: Session) => void) {
    this.#onClosed = onClosed;
    this.#unused = setTimeout(() => {
      if (this.#pc?.connectionState !== 'connected') void this.close();
    }, UNUSED_MS);
  }

  static async open(onClosed: (session: Session) => void): Promise<Session> {
    const session = new Session(onClosed);
    session.#pc = await createPeerConnection({
      handler: {
        onIceCandidate: (candidate) => session.#tell('candidate', { candidate }),
        onSignalingStateChange: (state) => session.#tell('state', { what: 'signaling', state }),
        onIceGatheringStateChange: (state) => session.#tell('state', { what: 'gathering', state }),
        onIceConnectionStateChange: (state) => session.#tell('state', { what: 'ice', state }),
        onConnectionStateChange(state) {
          session.#tell('state', { what: 'connection', state });
          if (state === 'failed' || state === 'closed') void session.close();
        },
        onDataChannel(channel) {
          session.#tell('state', { what: `channel ${channel.label}`, state: 'open' });
          void channel.closed.then(() => {
            session.#tell('state', { what: `channel ${channel.label}`, state: 'closed' });
            if (channel.label === 'chat') void session.close(); // the page is gone
          });
          void serveChannel(channel);
        },
        onError: (error) => console.error(error),
      },
    });
    return session;
  }

  /** Takes the page's offer; the answer's SDP. Throws when it is not an offer. */
  async answer(offer: unknown): Promise<string> {
    const { type, sdp } = (offer ?? {}) as { type?: unknown; sdp?: unknown };
    if (!this.#pc || type !== 'offer' || typeof sdp !== 'string') throw new Error('an offer was expected');
    await this.#pc.setRemoteDescription({ type, sdp });
    await this.#pc.setLocalDescription();
    return this.#pc.localDescription?.sdp ?? '';
  }

  async addCandidate(body: unknown): Promise<void> {
    const { candidate } = (body ?? {}) as { candidate?: { candidate: string; sdpMid?: string } | null };
    if (candidate === undefined) return;
    // A browser hides its addresses behind names that only multicast DNS knows; it is found by its checks all the same.
    await this.#pc?.addIceCandidate(candidate).catch((error: Error) => this.#tell('state', { what: 'candidate', state: `ignored: ${error.message}` }));
  }

  /** Sends what happens to the page for as long as it listens. */
  stream(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(': hello\n\n');
    this.#stream = response;
    for (const text of this.#early.splice(0)) response.write(text);
    if (this.#closed) response.end();
  }

  #tell(event: string, data: object): void {
    const text = `event: ${event}\ndata: ${JSON.stringify({ ...data, atMs: Date.now() })}\n\n`;
    if (this.#stream && !this.#stream.writableEnded) this.#stream.write(text);
    else if (this.#early.length < 200) this.#early.push(text);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#unused);
    await this.#pc?.close();
    this.#tell('end', {});
    this.#stream?.end();
    this.#onClosed(this);
  }
}
