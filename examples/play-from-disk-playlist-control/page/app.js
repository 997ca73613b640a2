import { connect } from '/connect.js';
import { showFigures, showTracks } from '/media.js';
import { $, press } from '/page.js';

function listen({ channel }) {
  const buttonOf = (name, index) => Object.assign(document.createElement('button'), { textContent: name, value: name, onclick: () => channel.send(String(index)) });
  channel.onmessage = ({ data }) => {
    const { names, playing } = JSON.parse(data);
    if (names) return $('playlist').replaceChildren(...[...names, 'pause'].map(buttonOf));
    $('now').textContent = playing ?? 'nothing: it is paused';
    const buttons = [...$('playlist').children];
    press(buttons, buttons.find(({ value }) => value === (playing ?? 'pause')));
  };
}

const { pc } = await connect({
  begin(connection) {
    showTracks(connection);
    connection.ondatachannel = listen;
  },
});
showFigures(pc);
