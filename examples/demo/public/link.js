// The connection to the server: signalling over HTTP, then four data channels.

const LABELS = ['chat', 'echo', 'throughput', 'ping'];
const CONNECT_MS = 20_000;

async function call(method, path, body) {
  const response = await fetch(`/api/connections${path}`, { method, ...(body !== undefined && { body: JSON.stringify(body) }), headers: { 'content-type': 'application/json' } });
  const reply = response.status === 204 ? {} : await response.json();
  if (!response.ok) throw new Error(reply.error ?? `HTTP ${response.status}`);
  return reply;
}

/**
 * Events: 'state' (detail: idle, connecting, connected, lost), 'change' (detail: {side, what, state, atMs}).
 * One connection at a time; `connect` after `close` or a loss makes a new one.
 */
export class Link extends EventTarget {
  state = 'idle';
  channels = {};
  pc;
  #events;
  #id;

  #setState(state) {
    if (this.state === state) return;
    this.state = state;
    this.dispatchEvent(new CustomEvent('state', { detail: state }));
  }

  #change(side, what, state, atMs = Date.now()) {
    this.dispatchEvent(new CustomEvent('change', { detail: { side, what, state, atMs } }));
  }

  async connect() {
    if (this.state === 'connecting' || this.state === 'connected') return;
    this.#setState('connecting');
    try {
      await this.#open();
      this.#setState('connected');
    } catch (error) {
      this.#release();
      this.#setState('idle');
      throw error;
    }
  }

  async #open() {
    const pc = new RTCPeerConnection();
    this.pc = pc;
    const opened = LABELS.map((label) => this.#channel(pc, label));
    const early = [];
    let send = (candidate) => early.push(candidate);
    pc.onicecandidate = ({ candidate }) => send(candidate);
    this.#watch(pc);

    await pc.setLocalDescription();
    const { id, sdp } = await call('POST', '', { type: 'offer', sdp: pc.localDescription.sdp });
    this.#id = id;
    send = (candidate) => void call('POST', `/${id}/candidates`, { candidate }).catch(() => {});
    for (const candidate of early) send(candidate);
    await pc.setRemoteDescription({ type: 'answer', sdp });
    this.#listen(pc, id);

    let timer;
    const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error('no connection came about: is UDP blocked between this browser and the server?')), CONNECT_MS)));
    await Promise.race([Promise.all(opened), late]).finally(() => clearTimeout(timer));
  }

  /** Resolves when the channel is open. */
  #channel(pc, label) {
    const channel = pc.createDataChannel(label);
    channel.binaryType = 'arraybuffer';
    this.channels[label] = channel;
    return new Promise((resolve, reject) => {
      channel.addEventListener('open', () => {
        this.#change('browser', `channel ${label}`, 'open');
        resolve();
      });
      channel.addEventListener('close', () => {
        if (this.pc !== pc) return;
        this.#change('browser', `channel ${label}`, 'closed');
        reject(new Error(`channel ${label} was closed`));
        this.#lose(pc);
      });
    });
  }

  #watch(pc) {
    pc.onsignalingstatechange = () => this.#change('browser', 'signaling', pc.signalingState);
    pc.onicegatheringstatechange = () => this.#change('browser', 'gathering', pc.iceGatheringState);
    pc.oniceconnectionstatechange = () => this.#change('browser', 'ice', pc.iceConnectionState);
    pc.onconnectionstatechange = () => {
      this.#change('browser', 'connection', pc.connectionState);
      if (pc.connectionState === 'failed' || pc.connectionState === 'closed') this.#lose(pc);
    };
  }

  #listen(pc, id) {
    const events = new EventSource(`/api/connections/${id}/events`);
    this.#events = events;
    events.addEventListener('candidate', ({ data }) => {
      const { candidate } = JSON.parse(data);
      pc.addIceCandidate(candidate ?? undefined).catch(() => {});
    });
    events.addEventListener('state', ({ data }) => {
      const { what, state, atMs } = JSON.parse(data);
      this.#change('server', what, state, atMs);
    });
    events.addEventListener('end', () => this.#lose(pc));
    events.onerror = () => events.close(); // the data channels tell whether the server is gone
  }

  /** The other side ended it, or the path did. */
  #lose(pc) {
    if (this.pc !== pc || this.state !== 'connected') return;
    this.#release();
    this.#setState('lost');
  }

  #release() {
    const pc = this.pc;
    this.pc = undefined;
    this.channels = {};
    this.#events?.close();
    pc?.close();
  }

  /** Ends the connection from this side. */
  close() {
    if (!this.pc) return;
    const id = this.#id;
    this.#release();
    if (id) void call('DELETE', `/${id}`).catch(() => {});
    this.#change('browser', 'connection', 'closed');
    this.#setState('idle');
  }
}
