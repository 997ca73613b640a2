// What every page of the examples does: its theme, its status, its lists.
import { toggleTheme } from '/theme.js';

export const $ = (id) => document.getElementById(id);

$('theme').addEventListener('click', toggleTheme);

const DOTS = { connected: 'connected', failed: 'lost', closed: 'lost', disconnected: 'lost', lost: 'lost' };

/** The word in the page's head: a state of a connection. */
export function showState(state) {
  $('status').textContent = state === 'new' ? 'connecting' : state;
  $('status').dataset.state = DOTS[state] ?? 'connecting';
}

/** A line for the person before the page; none hides it. */
export function showMessage(text) {
  $('message').textContent = text ?? '';
  $('message').hidden = !text;
}

/** What keeps the example from working; a connection that is up all the same stays so. */
export function showError(text) {
  showMessage(text);
  if ($('status').textContent === 'connecting') showState('failed');
}

addEventListener('unhandledrejection', ({ reason }) => showError(reason?.message ?? String(reason)));

const MOST = 200;

/** Where the newest line of a list is. */
const showLast = (list) => (list.scrollTop = list.scrollHeight);

addEventListener('resize', () => document.querySelectorAll('.chat').forEach(showLast));

/** Adds a line to a list and shows it. */
export function addLine(id, text, kind = '') {
  const list = $(id);
  const item = document.createElement('li');
  item.className = kind;
  item.textContent = text;
  list.append(item);
  if (list.children.length > MOST) list.firstElementChild.remove();
  showLast(list);
}

/** Replaces the rows of a table's body; each is a list of texts. */
export function showRows(id, rows) {
  const columns = [...$(id).closest('table').querySelectorAll('thead th')].map(({ textContent }) => textContent);
  const cellOf = (text, i) => {
    const cell = Object.assign(document.createElement('td'), { textContent: String(text) });
    cell.dataset.column = columns[i] ?? '';
    return cell;
  };
  $(id).replaceChildren(
    ...rows.map((cells) => {
      const row = document.createElement('tr');
      row.append(...cells.map(cellOf));
      return row;
    }),
  );
}

/** Of some buttons, marks the one that is chosen. */
export function press(buttons, chosen) {
  for (const button of buttons) button.setAttribute('aria-pressed', button === chosen);
}

/** Calls back with what was written in a form's only field. */
export function onSubmit(id, take) {
  $(id).addEventListener('submit', (event) => {
    event.preventDefault();
    const field = event.target.querySelector('input');
    if (field.value === '') return;
    take(field.value);
    field.value = '';
  });
}

/** Lets buttons and fields with `data-needs-link` be used, or not. */
export function enable(isOpen) {
  for (const element of document.querySelectorAll('[data-needs-link]')) element.disabled = !isOpen;
}
