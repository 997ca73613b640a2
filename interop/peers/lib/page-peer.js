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

  /** Without an element that plays it, a track is not decoded. */
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
    await new Promise((done) => setTimeout(done, 50)); // a new transport makes it gather again, which is not known at once
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

  const camera = async (kinds) => {
    const [width, height] = (opts.size ?? '640x360').split('x').map(Number);
    return navigator.mediaDevices.getUserMedia({
      audio: kinds.includes('audio'),
      video: kinds.includes('video') ? { width, height, frameRate: Number(opts.fps ?? 15) } : false,
    });
  };

  /** Three layers of a picture (RFC 8853), each with half the width of the one before, where --simulcast asks for them. */
  const layers = (kind) =>
    kind === 'video' && opts.simulcast
      ? {
          sendEncodings: [
            { rid: 'h', maxBitrate: 700_000 },
            { rid: 'm', scaleResolutionDownBy: 2, maxBitrate: 250_000 },
            { rid: 'l', scaleResolutionDownBy: 4, maxBitrate: 100_000 },
          ],
        }
      : {};

  async function offer({ audio, video, data = true, channel = {} }) {
    const kinds = [audio && 'audio', video && 'video'].filter(Boolean);
    const media = opts.send && kinds.length ? await camera(kinds) : undefined;
    if (data) watch(pc.createDataChannel('peer', channel));
    for (const kind of kinds) {
      const track = media?.getTracks().find((t) => t.kind === kind);
      prefer(pc.addTransceiver(track ?? kind, { direction: track ? (opts.sendonly ? 'sendonly' : 'sendrecv') : 'recvonly', ...(track && layers(kind)) }), kind);
    }
    await pc.setLocalDescription();
    return { type: 'offer', sdp: await gathered() };
  }

  async function answer({ sdp }) {
    await pc.setRemoteDescription({ type: 'offer', sdp });
    const list = pc.getTransceivers().filter((t) => t.direction !== 'stopped');
    const silent = list.filter((t) => !t.sender.track);
    if (opts.send && silent.length) {
      const media = await camera(silent.map((t) => t.receiver.track.kind));
      for (const t of silent) {
        await t.sender.replaceTrack(media.getTracks().find((m) => m.kind === t.receiver.track.kind));
        t.direction = opts.sendonly ? 'sendonly' : 'sendrecv';
      }
    }
    for (const t of list) prefer(t, t.receiver.track.kind);
    await pc.setLocalDescription();
    return { type: 'answer', sdp: await gathered() };
  }

  const INBOUND = [
    ...['packetsReceived', 'packetsLost', 'packetsDiscarded', 'retransmittedPacketsReceived', 'fecPacketsReceived', 'nackCount', 'pliCount', 'firCount', 'jitter', 'rid'],
    ...['framesReceived', 'framesDecoded', 'framesDropped', 'keyFramesDecoded', 'frameWidth', 'frameHeight', 'freezeCount', 'decoderImplementation'],
    ...['totalAudioEnergy', 'totalSamplesReceived', 'concealedSamples'],
  ];
  const OUTBOUND = [
    ...['packetsSent', 'retransmittedPacketsSent', 'nackCount', 'pliCount', 'firCount', 'targetBitrate', 'active', 'rid', 'ssrc'],
    ...['framesEncoded', 'framesSent', 'keyFramesEncoded', 'frameWidth', 'encoderImplementation', 'qualityLimitationReason'],
  ];

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
      inbound: rtp('inbound-rtp', INBOUND),
      outbound: rtp('outbound-rtp', OUTBOUND),
      remoteInbound: rtp('remote-inbound-rtp', ['packetsLost', 'fractionLost', 'jitter', 'roundTripTime', 'roundTripTimeMeasurements']),
      remoteOutbound: rtp('remote-outbound-rtp', ['packetsSent', 'bytesSent', 'reportsSent', 'roundTripTime']),
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
        case 'stop': // a transceiver, by its place
          pc.getTransceivers()[msg.index].stop();
          await pc.setLocalDescription();
          return { type: 'offer', sdp: await gathered() };
        case 'send':
          channels[msg.label ?? 'peer'].send(msg.text);
          return undefined;
        case 'close-channel':
          channels[msg.label].close();
          return undefined;
        case 'stop-media': // the sources end; the senders stay
          for (const { track } of pc.getSenders()) track?.stop();
          return { type: 'media-stopped' };
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
