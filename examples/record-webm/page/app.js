import { connect } from '/connect.js';
import { camera, sendWhereWanted, showFigures } from '/media.js';
import { $ } from '/page.js';

const stream = await camera();
$('mine').srcObject = stream;
const { pc, signal } = await connect({ begin: (connection) => sendWhereWanted(connection, stream, 'video/VP8') });
showFigures(pc);
$('stop').onclick = () => {
  signal.send({ stop: true });
  $('stop').disabled = true;
};
