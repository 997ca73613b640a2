import { connect } from '/connect.js';
import { showFigures, showTracks } from '/media.js';
import { $, enable } from '/page.js';

function listen({ channel }) {
  channel.onmessage = ({ data }) => {
    const { names, playing } = JSON.parse(data);
    if (names) {
      const entries = [...names, 'pause'].map((name, index) => Object.assign(document.createElement('button'), { textContent: name, value: name, onclick: () => channel.send(String(index)) }));
      $('playlist').replaceChildren(...entries);
      enable(true);
    } else $('now').textContent = playing ?? 'nothing: it is paused';
  };
}

const { pc } = await connect({
  begin(connection) {
    showTracks(connection);
    connection.ondatachannel = listen;
  },
});
showFigures(pc);
