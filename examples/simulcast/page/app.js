import { connect } from '/connect.js';
import { drawn, showFigures, showTracks } from '/media.js';
import { $ } from '/page.js';

const stream = drawn({ audio: false, width: 960, height: 540 });
$('mine').srcObject = stream;
const sendEncodings = [
  { rid: 'q', scaleResolutionDownBy: 4, maxBitrate: 100_000 },
  { rid: 'h', scaleResolutionDownBy: 2, maxBitrate: 300_000 },
  { rid: 'f', maxBitrate: 900_000 },
];
const { pc } = await connect({
  begin(connection) {
    showTracks(connection, ([{ id }]) => id);
    connection.addTransceiver(stream.getVideoTracks()[0], { direction: 'sendonly', sendEncodings });
  },
});
showFigures(pc);
