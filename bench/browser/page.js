// What a page does as a peer of the bench: the same as traffic.ts, by the browser's own connection. `tell` and `bench` are the bench's.
(() => {
  const HIGH_MARK_BYTES = 1024 * 1024;
  const sessions = new Map();
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  /** The difference that the time makes, after the warm-up. */
  async function measured({ warmUpMs, durationMs }, count) {
    await pause(warmUpMs);
    const [before, startMs] = [count(), performance.now()];
    await pause(durationMs);
    const after = count();
    return { messages: after.messages - before.messages, bytes: after.bytes - before.bytes, timeMs: performance.now() - startMs };
  }

  async function open({ key, offers }) {
    const pc = new RTCPeerConnection();
    const opened = new Promise((done) => {
      const watch = (channel) => {
        channel.binaryType = 'arraybuffer';
        channel.onopen = () => done(channel);
      };
      if (offers) watch(pc.createDataChannel('bench'));
      else pc.ondatachannel = ({ channel }) => watch(channel);
    });
    pc.onicecandidate = ({ candidate }) => {
      if (candidate?.candidate) tell({ key, signal: { type: 'candidate', candidate: candidate.candidate, sdpMid: candidate.sdpMid ?? '0' } });
    };
    sessions.set(key, { pc, opened, early: [] });
    if (offers) await describe(key, pc);
  }

  async function describe(key, pc) {
    await pc.setLocalDescription();
    const { type, sdp } = pc.localDescription;
    tell({ key, signal: { type, sdp } });
  }

  async function signal(key, message) {
    const { pc, early } = sessions.get(key);
    if (message.type === 'candidate') {
      if (pc.remoteDescription === null) early.push(message);
      else await pc.addIceCandidate(message);
      return;
    }
    await pc.setRemoteDescription(message);
    for (const candidate of early.splice(0)) await pc.addIceCandidate(candidate);
    if (message.type === 'offer') await describe(key, pc);
  }

  /** Sends as fast as the channel takes it, and 300 ms longer than is measured. */
  async function transmit({ keys: [key], sizeBytes, warmUpMs, durationMs }) {
    const channel = await sessions.get(key).opened;
    const message = new Uint8Array(sizeBytes).fill(0x5a);
    const endMs = performance.now() + warmUpMs + durationMs + 300;
    const sent = { messages: 0, bytes: 0 };
    const fill = () => {
      while (channel.bufferedAmount < HIGH_MARK_BYTES && performance.now() < endMs) {
        channel.send(message);
        sent.messages++;
        sent.bytes += sizeBytes;
      }
    };
    channel.bufferedAmountLowThreshold = HIGH_MARK_BYTES / 2;
    channel.onbufferedamountlow = fill;
    fill();
    const moved = await measured({ warmUpMs, durationMs }, () => ({ messages: sent.messages, bytes: sent.bytes - channel.bufferedAmount }));
    await pause(Math.max(0, endMs - performance.now()));
    return moved;
  }

  /** Counts what comes, from the first message on. */
  async function receive(request) {
    const channel = await sessions.get(request.keys[0]).opened;
    const came = { messages: 0, bytes: 0 };
    return new Promise((done) => {
      channel.onmessage = ({ data }) => {
        if (came.messages++ === 0) void measured(request, () => ({ ...came })).then(done);
        came.bytes += data.byteLength;
      };
    });
  }

  window.bench = { open, signal, transmit, receive, opened: (key) => sessions.get(key).opened.then(() => true), close: (key) => sessions.get(key).pc.close() };
})();
