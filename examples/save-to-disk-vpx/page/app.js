import { connect } from '/connect.js';
import { camera, preferCodec, showFigures } from '/media.js';
import { $, showMessage } from '/page.js';

const stream = await camera();
$('mine').srcObject = stream;
const { pc, signal } = await connect({
  onWord({ codec }) {
    if (!codec) return;
    const senders = stream.getTracks().map((track) => pc.addTrack(track, stream));
    const video = pc.getTransceivers().find(({ sender }) => sender === senders.find(({ track }) => track.kind === 'video'));
    if (!preferCodec(video, codec)) showMessage(`This browser does not send ${codec}.`);
  },
});
showFigures(pc);
$('stop').onclick = () => {
  signal.send({ stop: true });
  $('stop').disabled = true;
};
