import { connect } from '/connect.js';
import { camera, hasCodec, preferCodec, showFigures } from '/media.js';
import { $, showMessage } from '/page.js';

const stream = await camera({ audio: false, width: 320, height: 240 });
$('mine').srcObject = stream;
const { pc } = await connect({
  begin(connection) {
    if (!hasCodec('video/AV1', 'send')) return showMessage('This browser does not send video/AV1.');
    // The program offers to receive: the section is there before the answer, and takes the camera.
    connection.addEventListener('signalingstatechange', () => {
      const [transceiver] = connection.getTransceivers();
      if (connection.signalingState !== 'have-remote-offer' || transceiver.sender.track) return;
      preferCodec(transceiver, 'video/AV1');
      transceiver.direction = 'sendonly';
      transceiver.sender.replaceTrack(stream.getVideoTracks()[0]);
    });
  },
});
showFigures(pc);
