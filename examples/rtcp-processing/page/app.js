import { connect } from '/connect.js';
import { camera, showFigures, showTracks } from '/media.js';
import { $, enable, showRows } from '/page.js';

const stream = await camera({ audio: false });

const { pc, signal } = await connect({
  begin(connection) {
    showTracks(connection);
    connection.addTransceiver(stream.getVideoTracks()[0], { direction: 'sendonly', streams: [stream] });
  },
  onWord({ keyframes, rows }) {
    if (rows === undefined) return;
    $('keyframes').textContent = keyframes;
    if (rows.length > 0) showRows('rtcp', rows);
  },
});
showFigures(pc);
enable(true);
for (const ask of ['request', 'pli']) $(ask).onclick = () => signal.send({ ask });
