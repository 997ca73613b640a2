// Pictures and sound in the page: what comes in is shown with its figures, and there is a camera to send.
import { $, showError, showRows } from '/page.js';

/** Shows what comes in, in `#videos`: pictures with their size, below the name that `nameOf(streams)` gives them, and sound. */
export function showTracks(pc, nameOf = () => 'picture') {
  pc.addEventListener('track', ({ track, streams }) => {
    const isVideo = track.kind === 'video';
    const element = document.createElement(isVideo ? 'video' : 'audio');
    Object.assign(element, { autoplay: true, playsInline: true, muted: isVideo || navigator.webdriver, controls: !isVideo });
    element.srcObject = new MediaStream([track]);
    element.setAttribute('aria-label', isVideo ? 'The picture from the program' : 'The sound from the program');
    const shown = isVideo ? captioned(element, nameOf(streams)) : element;
    $('videos').append(shown);
    element.play().catch(() => {}); // a browser may want a click first
    track.addEventListener('ended', () => shown.remove());
  });
}

/** A picture with its name and size. */
function captioned(video, name) {
  const [figure, caption] = ['figure', 'figcaption'].map((tag) => document.createElement(tag));
  const update = () => (caption.textContent = video.videoWidth ? `${name}, ${video.videoWidth}×${video.videoHeight}` : name);
  video.addEventListener('resize', update);
  update();
  figure.append(video, caption);
  return figure;
}

/** Keeps the rows of `#figures` up to date: codec, size, frames and losses of each track. */
export function showFigures(pc, everyMs = 500) {
  const before = new Map();
  return setInterval(async () => {
    if (pc.connectionState !== 'connected') return;
    const report = await pc.getStats();
    const streams = ['inbound-rtp', 'outbound-rtp'].flatMap((type) => [...report.values()].filter((stats) => stats.type === type));
    const rows = streams.map((stats) => {
      const isIn = stats.type === 'inbound-rtp';
      const bytes = isIn ? stats.bytesReceived : stats.bytesSent;
      const last = before.get(stats.id) ?? { bytes, timestamp: stats.timestamp - 1 };
      before.set(stats.id, { bytes, timestamp: stats.timestamp });
      return [
        `${isIn ? 'received' : 'sent'}${stats.rid ? `, ${stats.rid}` : ''}`,
        report.get(stats.codecId)?.mimeType.split('/')[1] ?? '–',
        stats.frameWidth ? `${stats.frameWidth}×${stats.frameHeight}` : '–',
        (isIn ? stats.framesDecoded : stats.framesEncoded) ?? '–',
        Math.round(((bytes - last.bytes) * 8) / Math.max(1, stats.timestamp - last.timestamp)),
        (isIn ? stats.packetsLost : stats.nackCount) ?? '–',
      ];
    });
    showRows('figures', rows);
    $('figures').dataset.atMs = streams[0]?.timestamp ?? '';
  }, everyMs);
}

/** Whether the browser can send or receive a codec, as in 'video/VP9'. */
export function hasCodec(mimeType, direction = 'receive') {
  const capabilities = (direction === 'receive' ? RTCRtpReceiver : RTCRtpSender).getCapabilities(mimeType.split('/')[0]);
  return capabilities.codecs.some((codec) => codec.mimeType.toLowerCase() === mimeType.toLowerCase());
}

/** Offers or accepts one codec (and its retransmission) only; says so when the browser does not have it, and returns false. */
export function preferCodec(transceiver, mimeType) {
  const [kind, name] = mimeType.split('/');
  const { codecs } = RTCRtpReceiver.getCapabilities(kind); // what setCodecPreferences accepts, also of a sender
  const chosen = codecs.filter((codec) => codec.mimeType.toLowerCase() === mimeType.toLowerCase());
  if (chosen.length === 0 || !hasCodec(mimeType, 'send')) {
    showError(`This browser does not send ${name}.`);
    return false;
  }
  transceiver.setCodecPreferences([...chosen, ...codecs.filter((codec) => /rtx|red|ulpfec/i.test(codec.mimeType))]);
  return true;
}

/** Sends a stream, its picture in one codec; where the browser does not have that, the rest of it. */
export function send(pc, stream, mimeType) {
  for (const track of stream.getTracks()) {
    const transceiver = pc.addTransceiver(track, { direction: 'sendonly', streams: [stream] });
    if (track.kind === 'video' && !preferCodec(transceiver, mimeType)) transceiver.stop();
  }
}

/** Each section that the program offers to receive takes a track of a stream, a picture in the codec wanted. Call it first of all. */
export function sendWhereWanted(pc, stream, mimeType) {
  pc.addEventListener('signalingstatechange', () => {
    if (pc.signalingState !== 'have-remote-offer') return;
    for (const transceiver of pc.getTransceivers()) {
      if (transceiver.sender.track || transceiver.currentDirection) continue;
      const track = stream.getTracks().find(({ kind }) => kind === transceiver.receiver.track.kind);
      if (track.kind === 'video') preferCodec(transceiver, mimeType);
      transceiver.direction = 'sendonly';
      transceiver.sender.replaceTrack(track);
    }
  });
}

/** The camera and microphone; where there is none, or it may not be used, a drawn picture and a tone. */
export async function camera({ audio = true, width = 640, height = 480 } = {}) {
  try {
    const devices = await navigator.mediaDevices.enumerateDevices();
    if (!devices.some(({ kind }) => kind === 'videoinput')) throw new Error('there is no camera');
    return await navigator.mediaDevices.getUserMedia({ video: { width, height }, audio });
  } catch {
    return drawn({ audio, width, height });
  }
}

/** A picture that moves, and a tone. */
export function drawn({ audio = true, width = 640, height = 480, hue = 170 } = {}) {
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const context = canvas.getContext('2d');
  let frame = 0;
  const draw = () => {
    frame++;
    context.fillStyle = `hsl(${hue} 60% 22%)`;
    context.fillRect(0, 0, width, height);
    for (let i = 0; i < 6; i++) {
      context.fillStyle = `hsl(${(hue + i * 50 + frame) % 360} 70% 60%)`;
      const [x, y] = [width * (0.5 + 0.4 * Math.sin(frame / 40 + i)), height * (0.5 + 0.4 * Math.cos(frame / 33 + i * 2))];
      context.beginPath();
      context.arc(x, y, height / 10, 0, 7);
      context.fill();
    }
    context.fillStyle = '#fff';
    context.font = `${height / 8}px system-ui, sans-serif`;
    context.fillText(new Date().toISOString().slice(11, 21), width / 20, height / 6);
  };
  draw();
  setInterval(draw, 40);
  const stream = canvas.captureStream(25);
  if (audio) {
    const sound = new AudioContext();
    const [tone, level, out] = [sound.createOscillator(), sound.createGain(), sound.createMediaStreamDestination()];
    level.gain.value = 0.05;
    tone.connect(level).connect(out);
    tone.start();
    stream.addTrack(out.stream.getAudioTracks()[0]);
  }
  return stream;
}
