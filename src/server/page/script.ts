/**
 * What the page does, as browsers run it. It asks /page/models what there is, makes a form of it, and asks
 * /page/explain. Texts of models only ever become text, never markup.
 */
export const SCRIPT = String.raw`
'use strict';
const $ = (id) => document.getElementById(id);
let models = [];
let key = '';

function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

async function ask(path, body) {
  const headers = { 'content-type': 'application/json' };
  if (key !== '') headers['x-api-key'] = key;
  const response = await fetch(path, body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) });
  const answer = await response.json();
  if (response.ok) return answer;
  const { message = response.statusText, hint, details } = answer.error ?? {};
  throw Object.assign(new Error(message + (hint === undefined ? '' : '\n' + hint)), { status: response.status, details });
}

const shown = (value) => Number(value.toPrecision(4)).toLocaleString(undefined, { maximumSignificantDigits: 4 });
const percent = (share) => (100 * share).toLocaleString(undefined, { maximumFractionDigits: 1 }) + ' %';
const current = () => models[$('model').selectedIndex];

function control(input, id, value) {
  const text = value === null || value === undefined ? '' : String(value);
  if (input.dtype === 'boolean' || (input.categories !== null && input.categories.length <= 200)) {
    const choices = input.dtype === 'boolean' ? ['true', 'false'] : input.categories;
    const select = element('select', { id });
    select.append(element('option', { value: '', textContent: '(missing)' }));
    for (const choice of choices) select.append(element('option', { value: choice, textContent: choice }));
    select.value = text;
    return select;
  }
  if (input.kind === 'text') return element('textarea', { id, rows: 3, value: text });
  const number = input.dtype === 'number';
  return element('input', { id, type: number ? 'number' : 'text', step: 'any', value: text, autocomplete: 'off' });
}

function hintOf(input) {
  if (input.range) return shown(input.range[0]) + ' to ' + shown(input.range[1]) + ' in training';
  if (input.dtype === 'date') return 'a date, such as 2024-01-31';
  return input.categories === null && input.dtype === 'string' ? 'text' : '';
}

function showForm() {
  const model = current();
  const fields = $('fields');
  fields.replaceChildren();
  model.inputs.forEach((input, i) => {
    const id = 'input-' + i;
    const field = element('div', { className: 'field' });
    const hint = hintOf(input);
    const made = control(input, id, model.example[input.name]);
    field.append(element('label', { htmlFor: id, textContent: input.name }));
    if (hint !== '') {
      field.append(element('span', { className: 'hint', id: id + '-hint', textContent: hint }));
      made.setAttribute('aria-describedby', id + '-hint');
    }
    field.append(made);
    fields.append(field);
  });
  $('result').hidden = true;
  $('error').textContent = '';
  showCurl();
}

function recordOf() {
  const { inputs } = current();
  return Object.fromEntries(
    inputs.map((input, i) => {
      const text = $('input-' + i).value;
      if (text === '') return [input.name, null];
      if (input.dtype === 'number') return [input.name, Number(text)];
      return [input.name, input.dtype === 'boolean' ? text === 'true' : text];
    }),
  );
}

function showCurl() {
  const { reference } = current();
  const body = JSON.stringify({ model: reference, records: [recordOf()] }).replaceAll("'", "'\\''");
  const credentials = key === '' ? '' : ' -H "X-API-Key: $AIMAAS_KEY"';
  $('curl').textContent = 'curl ' + location.origin + '/predict' + credentials + " -H 'Content-Type: application/json' -d '" + body + "'";
}

function bar(name, text, from, width, className, signed) {
  const fill = element('i', { className });
  fill.style.left = 100 * from + '%';
  fill.style.width = 100 * width + '%';
  const track = element('span', { className: signed ? 'track signed' : 'track', ariaHidden: 'true' }, fill);
  return element('li', {}, element('span', { className: 'name', textContent: name }), track, element('span', { className: 'number', textContent: text }));
}

function showAnswer({ prediction, probabilities, effects, about }) {
  $('answer').textContent = typeof prediction === 'number' ? shown(prediction) : prediction;
  const shares = Object.entries(probabilities ?? {}).sort((a, b) => b[1] - a[1]).slice(0, 10);
  $('probabilities').replaceChildren(...shares.map(([name, share]) => bar(name, percent(share), 0, share, '', false)));
  $('probabilities').hidden = shares.length === 0;
  const most = Math.max(1e-12, ...effects.map(({ effect }) => Math.abs(effect)));
  const isShare = shares.length > 0;
  $('effects').replaceChildren(
    ...effects.slice(0, 12).map(({ column, typical, effect }) => {
      const half = Math.abs(effect) / most / 2;
      const number = (effect > 0 ? '+' : '') + (isShare ? (100 * effect).toFixed(1) + ' pp' : shown(effect));
      const item = bar(column, number, effect < 0 ? 0.5 - half : 0.5, half, effect < 0 ? 'down' : '', true);
      item.title = 'typical: ' + (typical === null ? 'missing' : typical);
      return item;
    }),
  );
  $('about').textContent = about;
  $('result').hidden = false;
}

async function submit(event) {
  event.preventDefault();
  $('error').textContent = '';
  try {
    showAnswer(await ask('/page/explain', { model: current().reference, record: recordOf() }));
    $('status').textContent = 'Answered: ' + $('answer').textContent;
  } catch (error) {
    $('result').hidden = true;
    $('error').textContent = error.message;
    const i = current().inputs.findIndex(({ name }) => name === error.details?.column);
    if (i >= 0) $('input-' + i).focus();
  }
}

async function load() {
  try {
    models = (await ask('/page/models')).models;
    $('entry').hidden = true;
  } catch (error) {
    $('entry').hidden = error.status !== 401 && error.status !== 403;
    $('notice').textContent = key === '' && error.status === 401 ? '' : error.message;
    if (!$('entry').hidden) $('key').focus();
    return;
  }
  $('notice').textContent = models.length === 0 ? 'No model of columns is served at the moment.' : '';
  $('page').hidden = models.length === 0;
  if (models.length === 0) return;
  $('model').replaceChildren(
    ...models.map(({ reference, labels }) =>
      element('option', { textContent: reference + (labels.length === 0 ? '' : ' (' + labels.join(', ') + ')') }),
    ),
  );
  showForm();
}

$('model').addEventListener('change', showForm);
$('form').addEventListener('submit', submit);
$('form').addEventListener('input', showCurl);
$('reset').addEventListener('click', showForm);
$('entry').addEventListener('submit', (event) => {
  event.preventDefault();
  key = $('key').value.trim();
  load();
});
$('copy').addEventListener('click', async () => {
  try {
    await navigator.clipboard.writeText($('curl').textContent);
    $('status').textContent = 'Copied.';
    $('copy').textContent = 'Copied';
  } catch {
    getSelection().selectAllChildren($('curl'));
    $('status').textContent = 'Selected; copy it with the keyboard.';
  }
});
load();
`;
