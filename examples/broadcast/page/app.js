import { connect } from '/connect.js';
import { camera, showFigures, showTracks } from '/media.js';
import { $, enable, showMessage } from '/page.js';

/** The transceivers that send the camera, once they do; undefined while they need not. */
let sending;

async function publish() {
  const stream = await camera();
  return stream.getTracks().map((track) => pc.addTransceiver(track, { direction: 'sendonly', streams: [stream] }));
}

async function stop() {
  const ending = sending;
  sending = undefined;
  for (const transceiver of await ending) {
    transceiver.sender.track.stop();
    transceiver.stop();
  }
}

function onWord({ onAir, pages, note }) {
  showMessage(note);
  if (note) return;
  if (onAir === 'nobody' && $('on-air').textContent === 'another page') showMessage('The broadcast has ended.');
  if (onAir === 'you') sending ??= publish();
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
