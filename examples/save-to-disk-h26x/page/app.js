import { connect } from '/connect.js';
import { camera, preferCodec, showFigures } from '/media.js';
import { $, showMessage } from '/page.js';

const stream = await camera({ audio: false });
$('mine').srcObject = stream;

function send(pc, codec) {
  const transceiver = pc.addTransceiver(stream.getVideoTracks()[0], { direction: 'sendonly' });
  if (!preferCodec(transceiver, codec)) showMessage(`This browser does not send ${codec}.`);
}

const { pc } = await connect({ onWord: ({ codec }) => codec && send(pc, codec) });
showFigures(pc);
