import { connect } from '/connect.js';
import { camera, showFigures, showTracks } from '/media.js';
import { $, enable, showMessage } from '/page.js';

let sending = [];

async function publish() {
  const stream = await camera();
  sending = stream.getTracks().map((track) => pc.addTransceiver(track, { direction: 'sendonly', streams: [stream] }));
}

function stop() {
  for (const transceiver of sending.splice(0)) {
    transceiver.sender.track.stop();
    transceiver.stop();
  }
}

function onWord({ onAir, pages, note }) {
  showMessage(note);
  if (note) return;
  if (onAir === 'nobody' && $('on-air').textContent === 'another page') showMessage('The broadcast has ended.');
  if (onAir === 'you' && sending.length === 0) publish();
  $('on-air').textContent = onAir;
  $('pages').textContent = pages;
  $('publish').textContent = onAir === 'you' ? 'Stop' : 'Publish';
  enable(true);
}

const { pc, signal } = await connect({ begin: (connection) => showTracks(connection), onWord });
showFigures(pc);
$('publish').onclick = () => {
  const isOnAir = $('on-air').textContent === 'you';
  if (isOnAir) stop();
  signal.send({ publish: !isOnAir });
};
