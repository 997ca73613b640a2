import { connect } from '/connect.js';
import { camera, send, showFigures } from '/media.js';
import { $ } from '/page.js';

const stream = await camera({ audio: false });
$('mine').srcObject = stream;

const { pc } = await connect({ onWord: ({ codec }) => codec && send(pc, stream, codec) });
showFigures(pc);
