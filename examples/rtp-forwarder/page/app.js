import { connect } from '/connect.js';
import { camera, sendWhereWanted, showFigures } from '/media.js';
import { $ } from '/page.js';

const stream = await camera();
$('mine').srcObject = stream;

const { pc } = await connect({
  begin: (connection) => sendWhereWanted(connection, stream, 'video/VP8'),
  onWord({ counts, ports, sdp, isSent }) {
    if (!counts) return;
    for (const kind of ['video', 'audio']) {
      $(kind).textContent = counts[kind];
      $(`${kind}-port`).textContent = ports[kind];
    }
    $('how').textContent = isSent ? `ffplay -protocol_whitelist file,udp,rtp ${sdp}` : 'a page that opened later is sent instead';
  },
});
showFigures(pc);
