import { connect } from '/connect.js';
import { camera, hasCodec, showFigures } from '/media.js';
import { $, showError } from '/page.js';

const stream = await camera({ audio: false, width: 320, height: 240 });
$('mine').srcObject = stream;
if (!hasCodec('video/AV1', 'send')) showError('This browser does not send AV1.');
const { pc } = await connect({ begin: (connection) => connection.addTrack(stream.getVideoTracks()[0], stream) });
showFigures(pc);
