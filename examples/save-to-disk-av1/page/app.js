import { connect } from '/connect.js';
import { camera, hasCodec, showFigures } from '/media.js';
import { $, showMessage } from '/page.js';

const stream = await camera({ audio: false, width: 320, height: 240 });
$('mine').srcObject = stream;
if (!hasCodec('video/AV1', 'send')) showMessage('This browser does not send video/AV1.');
const { pc } = await connect({ begin: (connection) => connection.addTrack(stream.getVideoTracks()[0], stream) });
showFigures(pc);
