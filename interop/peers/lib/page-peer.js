// Runs inside a browser page. Defines window.peer.handle(request) → reply,
// the same requests as every other peer program understands.
window.peer = (() => {
  let pc;
  let opts = {};
  const count = { dataMessages: 0, dataBytes: 0, tracks: [] };
  const states = [];
  const channels = {};

  function watch(channel) {
    channels[channel.label] = channel;
    channel.binaryType = 'arraybuffer';
    channel.onmessage = ({ data }) => {
      count.dataMessages++;
      count.dataBytes += typeof data === 'string' ? data.length : data.byteLength;
      if (!opts.sink) channel.send(data);
    };
  }

  function show(track) {
    const el = document.createElement(track.kind);
    el.autoplay = true;
    el.muted = true;
    el.srcObject = new MediaStream([track]);
    document.body.append(el);
  }

  function open(config) {
    pc = new RTCPeerConnection(config);
    pc.ondatachannel = ({ channel }) => watch(channel);
    pc.onconnectionstatechange = () => states.push(pc.connectionState);
    pc.ontrack = ({ track }) => {
      count.tracks.push(track.kind);
      show(track);
    };
  }

  async function gathered() {
    if (pc.iceGatheringState !== 'complete') {
      await new Promise((done) => {
        pc.addEventListener('icegatheringstatechange', () => pc.iceGatheringState === 'complete' && done());
        setTimeout(done, 5000); // a STUN server that does not answer takes longer
      });
    }
    return pc.localDescription.sdp;
  }

  function prefer(transceiver, kind) {
    const wanted = opts[kind === 'video' ? 'codec' : 'acodec'];
    if (!wanted) return;
    const all = RTCRtpReceiver.getCapabilities(kind).codecs;
    const is = (c) => c.mimeType.toLowerCase() === `${kind}/${wanted}`.toLowerCase();
    transceiver.setCodecPreferences([...all.filter(is), ...all.filter((c) => !is(c))]);
  }

  const camera = async (kinds) =>
    navigator.mediaDevices.getUserMedia({
      audio: kinds.includes('audio'),
      video: kinds.includes('video') ? { width: 640, height: 360, frameRate: 15 } : false,
    });

  async function offer({ audio, video, data = true, channel = {} }) {
    const kinds = [audio && 'audio', video && 'video'].filter(Boolean);
    const media = opts.send && kinds.length ? await camera(kinds) : undefined;
    if (data) watch(pc.createDataChannel('peer', channel));
    for (const kind of kinds) {
      const track = media?.getTracks().find((t) => t.kind === kind);
      prefer(pc.addTransceiver(track ?? kind, { direction: track ? 'sendrecv' : 'recvonly' }), kind);
    }
    await pc.setLocalDescription();
    return { type: 'offer', sdp: await gathered() };
  }

  async function answer({ sdp }) {
    await pc.setRemoteDescription({ type: 'offer', sdp });
    const list = pc.getTransceivers();
    if (opts.send && list.length) {
      const media = await camera(list.map((t) => t.receiver.track.kind));
      for (const t of list) {
        const kind = t.receiver.track.kind;
        await t.sender.replaceTrack(media.getTracks().find((m) => m.kind === kind));
        t.direction = 'sendrecv';
        prefer(t, kind);
      }
    }
    await pc.setLocalDescription();
    return { type: 'answer', sdp: await gathered() };
  }

  async function stats() {
    const report = pc ? [...(await pc.getStats()).values()] : [];
    const by = (id) => report.find((r) => r.id === id);
    const pick = (o, keys) => Object.fromEntries(keys.filter((k) => o?.[k] !== undefined).map((k) => [k, o[k]]));
    const rtp = (type, keys) =>
      report
        .filter((r) => r.type === type)
        .map((r) => ({ kind: r.kind, codec: by(r.codecId)?.mimeType, ...pick(r, keys) }));
    const transport = report.find((r) => r.type === 'transport');
    const pair =
      by(transport?.selectedCandidatePairId) ??
      report.find((r) => r.type === 'candidate-pair' && (r.selected || (r.nominated && r.state === 'succeeded')));
    return {
      type: 'stats',
      ...count,
      states,
      state: pc?.connectionState,
      channels: Object.values(channels).map((c) => ({ label: c.label, id: c.id, state: c.readyState, ordered: c.ordered, maxRetransmits: c.maxRetransmits, protocol: c.protocol })),
      inbound: rtp('inbound-rtp', ['packetsReceived', 'packetsLost', 'framesDecoded', 'frameWidth', 'frameHeight', 'keyFramesDecoded', 'totalAudioEnergy', 'decoderImplementation']),
      outbound: rtp('outbound-rtp', ['packetsSent', 'framesEncoded', 'frameWidth', 'encoderImplementation', 'nackCount', 'pliCount', 'targetBitrate', 'active', 'rid']),
      transport: pick(transport, ['dtlsState', 'tlsVersion', 'dtlsCipher', 'srtpCipher', 'dtlsRole', 'iceRole', 'tlsGroup']),
      pair: pair && {
        local: pick(by(pair.localCandidateId), ['candidateType', 'protocol', 'address', 'relayProtocol']),
        remote: pick(by(pair.remoteCandidateId), ['candidateType', 'protocol', 'address']),
        ...pick(pair, ['currentRoundTripTime', 'availableOutgoingBitrate']),
      },
    };
  }

  return {
    setup(o) {
      opts = o;
    },
    async handle(msg) {
      if (msg.type === 'make-offer' || (msg.type === 'offer' && !pc)) open(opts.config ?? {});
      switch (msg.type) {
        case 'make-offer':
          return offer(msg);
        case 'offer':
          return answer(msg);
        case 'answer':
          await pc.setRemoteDescription(msg);
          return undefined;
        case 'candidate':
          await pc.addIceCandidate(msg.candidate);
          return undefined;
        case 'restart-ice':
          pc.restartIce();
          await pc.setLocalDescription();
          return { type: 'offer', sdp: await gathered() };
        case 'send':
          channels[msg.label ?? 'peer'].send(msg.text);
          return undefined;
        case 'close-channel':
          channels[msg.label].close();
          return undefined;
        case 'hang-up':
          pc.close();
          return { type: 'hung-up' };
        case 'stats':
          return stats();
        default:
          throw new Error(`unknown request ${msg.type}`);
      }
    },
    capabilities: () => ({
      userAgent: navigator.userAgent,
      sender: { audio: RTCRtpSender.getCapabilities('audio'), video: RTCRtpSender.getCapabilities('video') },
      receiver: { audio: RTCRtpReceiver.getCapabilities('audio'), video: RTCRtpReceiver.getCapabilities('video') },
    }),
  };
})();
