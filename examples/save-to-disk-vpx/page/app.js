import { connect } from '/connect.js';
import { camera, send, showFigures } from '/media.js';
import { $ } from '/page.js';

const stream = await camera();
$('mine').srcObject = stream;
const { pc, signal } = await connect({ onWord: ({ codec }) => codec && send(pc, stream, codec) });
showFigures(pc);
$('stop').onclick = () => {
  signal.send({ stop: true });
  $('stop').disabled = true;
};
