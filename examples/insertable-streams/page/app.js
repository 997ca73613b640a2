import { connect } from '/connect.js';
import { camera, preferCodec, showFigures, showTracks } from '/media.js';
import { $, enable, showError } from '/page.js';

const stream = await camera({ audio: false });
$('mine').srcObject = stream;

const worker = new Worker('/worker.js');
const [key, wrongKey] = [0, 1].map(() => crypto.getRandomValues(new Uint8Array(16)));
worker.postMessage(key);

const show = (who, { decrypted, refused }) => {
  $(`${who}-decrypted`).textContent = decrypted;
  $(`${who}-refused`).textContent = refused;
};
worker.onmessage = ({ data }) => show('page', data);

function begin(pc, signal) {
  signal.send({ key: btoa(String.fromCharCode(...key)) });
  showTracks(pc);
  const transceiver = pc.addTransceiver(stream.getVideoTracks()[0], { direction: 'sendrecv', streams: [stream] });
  preferCodec(transceiver, 'video/VP8');
  transceiver.sender.transform = new RTCRtpScriptTransform(worker, { seals: true });
  transceiver.receiver.transform = new RTCRtpScriptTransform(worker, { seals: false });
}

if (typeof RTCRtpScriptTransform === 'undefined') showError('This browser cannot transform frames (RTCRtpScriptTransform).');
else {
  const { pc } = await connect({ begin, onWord: ({ counts }) => counts && show('program', counts) });
  showFigures(pc);
  enable(true);
}

$('wrong').onclick = () => {
  const isWrong = $('wrong').getAttribute('aria-pressed') !== 'true';
  $('wrong').setAttribute('aria-pressed', isWrong);
  worker.postMessage(isWrong ? wrongKey : key);
};
