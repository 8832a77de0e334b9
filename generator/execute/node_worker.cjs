'use strict';
// The author's Node: node node_worker.cjs REQUESTS REPLIES, two descriptors that carry JSON lines.
//
// Cells run one after another in the one global scope, by V8's REPL mode: it knows top-level
// await, names declared again, the value of a cell, and keeps every line where it was. What is
// written while no cell runs is kept for the next one.
//
// Standard output and error are files that only grow. What the author's code writes through
// process.stdout goes to the kernel at once; what others write there (child processes, native
// code) is picked up from the files, in order.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const { Session } = require('node:inspector');
const Module = require('node:module');
const path = require('node:path');
const { StringDecoder } = require('node:string_decoder');
const { pathToFileURL } = require('node:url');
const { inspect } = require('node:util');
const { Worker } = require('node:worker_threads');
const { endsInExpression, rewriteImports } = require('./node_source.cjs');
const { watch } = require('./node_trace.cjs');

const DISPLAY = Symbol.for('Jupyter.display');
const TRACE_TYPE = 'application/vnd.inkcell.trace+json';

const [requests, replies] = process.argv.splice(1).slice(1).map(Number);
const here = process.cwd();
// The author's code may replace these, for example by a clock of its own.
const { readSync, writeSync } = fs;
const { nextTick } = process;
const { setImmediate } = globalThis;
let session = connect();

// The kernel passes interrupts on; this process may be in the group that gets the signal.
process.on('SIGINT', () => {});

let cell = null; // The cell that runs: {number, code, settled, open, outcome}.
const kept = []; // What was written while none did.
const uncaught = []; // What was thrown while none did.

function connect() {
  const connected = new Session();
  connected.connect();
  return connected;
}

// --- what leaves -------------------------------------------------------------------------------

function send(message) {
  const wellFormed = (_, value) => (typeof value === 'string' ? value.toWellFormed() : value);
  let bytes = Buffer.from(`${JSON.stringify(message, wellFormed)}\n`);
  while (bytes.length > 0) bytes = bytes.subarray(writeSync(replies, bytes));
}

function publish(message) {
  pickUp();
  release(message);
}

function release(message) {
  if (message.text === '') return; // Half a character; or a child process's empty string.
  if (cell?.open) send(message);
  else kept.push(message);
}

const streams = [
  { name: 'stdout', fd: 1, position: 0, decoder: new StringDecoder() },
  { name: 'stderr', fd: 2, position: 0, decoder: new StringDecoder() },
];
const buffer = Buffer.alloc(1 << 16);

/** Publish what others have written to standard output and error. */
function pickUp() {
  for (const stream of streams) {
    for (let size; (size = readSync(stream.fd, buffer, 0, buffer.length, stream.position)) > 0;) {
      stream.position += size;
      const text = stream.decoder.write(buffer.subarray(0, size));
      release({ type: 'stream', name: stream.name, text, position: stream.position });
    }
  }
}

for (const { name, decoder } of streams) {
  process[name].write = (chunk, encoding, callback) => {
    if (typeof encoding === 'function') [encoding, callback] = [undefined, encoding];
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk;
    publish({ type: 'stream', name, text: decoder.write(bytes) });
    if (callback) nextTick(callback);
    return true;
  };
}

/** A value as a MIME bundle, or the promise of one. */
function bundle(value) {
  const has = (name) => Object(value) === value && typeof value[name] === 'function';
  if (has(DISPLAY)) {
    const made = value[DISPLAY]();
    return typeof made?.then === 'function'
      ? made.then((data) => complete(data, value))
      : complete(made, value);
  }
  const data = {};
  if (has('toHtml')) data['text/html'] = String(value.toHtml());
  if (has('toSvg')) data['image/svg+xml'] = String(value.toSvg());
  return complete(data, value);
}

function complete(data, value) {
  if (Object(data) !== data) {
    throw new TypeError('Symbol.for("Jupyter.display") must return {MIME type: data}');
  }
  const made = {};
  if (!('text/plain' in data)) made['text/plain'] = inspect(value, { breakLength: 80 });
  for (const [type, content] of Object.entries(data)) {
    made[type] = ArrayBuffer.isView(content)
      ? Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('base64')
      : content;
  }
  return JSON.parse(JSON.stringify(made)); // What JSON cannot hold fails here, in the author's cell.
}

function display(value) {
  const show = (data) => publish({ type: 'display_data', data });
  const data = bundle(value);
  return typeof data.then === 'function' ? data.then(show) : show(data);
}

// --- what the author's code finds --------------------------------------------------------------

const report = watch(process.env.INKCELL_ROOT || here, here);

// A module that lies in the post's folder: it resolves names as a file there would.
const folder = new Module(path.join(here, 'cell.cjs'));
folder.paths = Module._nodeModulePaths(here);
folder._compile('module.exports = (name, options) => import(name, options);', folder.id);

async function load(specifier, options, names = []) {
  const place = CELL_PLACE.exec(new Error().stack)?.[0];
  try {
    const found = await folder.exports(specifier, options);
    const absent = names.find((name) => !(name in found));
    if (absent === undefined) return found;
    throw new SyntaxError(
      `The requested module '${specifier}' does not provide an export named '${absent}'`,
    );
  } catch (error) {
    if (typeof error?.stack !== 'string') throw error;
    // An import that fails does not know which cell wanted it, nor V8 in which module it stumbled.
    const wrong = error instanceof SyntaxError && unreadableModule();
    if (wrong) error.stack = `${wrong}\n\n${error.stack}`;
    if (place && !CELL_PLACE.test(error.stack)) error.stack += `\n    at ${place}`;
    throw error;
  }
}

/** Where a module of the author's is no JavaScript: its place, the line, a mark below it. */
function unreadableModule() {
  for (const file of report().files.filter((name) => /\.[cm]?js$/.test(name))) {
    const checked = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8' });
    if (checked.status) return checked.stderr.split('\n\n')[0];
  }
  return null;
}

const meta = Object.freeze({ dirname: here, url: pathToFileURL(folder.id).href });
for (const [name, value] of [
  ['require', Module.createRequire(folder.id)],
  ['display', display],
  ['__dirname', here],
  [Symbol.for('inkcell.load'), load],
  [Symbol.for('inkcell.meta'), meta],
  [Symbol.for('inkcell.take'), (value) => void (taken = value)],
  [
    Symbol.for('inkcell.report'),
    () => publish({ type: 'display_data', data: { [TRACE_TYPE]: JSON.stringify(report()) } }),
  ],
]) {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
}

// --- errors ------------------------------------------------------------------------------------

const CELL_PLACE = /\bCell\[(\d+)\]:(\d+):\d+/;
const CELL_PLACES = new RegExp(CELL_PLACE, 'g');
const FRAME = /^\s+at /;
// Frames of Node itself and of this worker: its hooks are a data: module, its loader is cell.cjs.
const OTHERS = ['node:', 'data:text/javascript,', `${__dirname}${path.sep}`, folder.id];
const DECLARED = /^Identifier '(.*)' has already been declared$/;

/** Paths as the author writes them, so that a page says the same wherever it is made. */
function shorten(text) {
  return text
    .replaceAll(`${pathToFileURL(here).href}/`, './')
    .replaceAll(`${here}${path.sep}`, './')
    .replace(/(?<= imported from )\.\/cell\.cjs/, 'the cell')
    .replace(/\nRequire stack:\n- \.\/cell\.cjs$/m, '');
}

/** Take frames that are not the author's out of an error and out of its causes. */
function clean(error, seen = new Set()) {
  if (!(error instanceof Error) || seen.has(error)) return;
  seen.add(error);
  const others = (line) => FRAME.test(line) && OTHERS.some((place) => line.includes(place));
  try {
    error.stack = error.stack
      .split('\n')
      .filter((line) => !others(line))
      .join('\n');
  } catch {
    // A stack that cannot be read or written stays as it is.
  }
  for (const inner of [error.cause].concat(error.errors)) clean(inner, seen);
}

/** A value as text, also if its own way to become one fails. */
function describe(value) {
  try {
    return inspect(value, { breakLength: 80 });
  } catch {
    return Object.prototype.toString.call(value);
  }
}

/** What a cell fails with. Its traceback begins with the place in the cell, if that is known. */
function failure({ number, code }, thrown, { line, called = true } = {}) {
  const isError = thrown instanceof Error;
  clean(thrown);
  const name = isError && thrown.name === 'Error' ? thrown.constructor?.name : thrown?.name;
  const ename = isError ? String(name || 'Error') : 'Uncaught';
  let evalue = isError ? String(thrown.message) : describe(thrown);
  let text = `Uncaught ${evalue}`;
  if (isError) text = /\n\s+at /.test(thrown.stack) ? describe(thrown) : `${ename}: ${evalue}`;
  const again = line && DECLARED.exec(evalue)?.[1];
  if (again) {
    // V8 names the first line, whichever it is.
    const declares = (source) =>
      /\b(?:class|const|function|import|let|var)\b/.test(source) && source.includes(again);
    line = code.split('\n').findIndex(declares) + 1 || line;
    const hint = 'a cell can declare a name of another cell only by the same keyword';
    evalue += `; ${hint}`;
    text += `; ${hint}`;
  }
  line ??= [...text.matchAll(CELL_PLACES)].find((found) => found[1] === `${number}`)?.[2];
  const shown = shorten(text).replace(CELL_PLACES, 'Cell In[$1], line $2');
  const traceback = shown.split('\n');
  if (line) {
    const written = code.split('\n')[line - 1]?.trim();
    traceback.unshift(`Cell In[${number}], line ${line}`, `    ${written}`, '');
  } else if (!called) {
    traceback.unshift(`A callback failed while Cell In[${number}] ran (from line 1)`, '');
  }
  return { type: 'error', ename, evalue: shorten(evalue), traceback };
}

function publishUncaught(error) {
  clean(error);
  const text = shorten(describe(error)).replace(CELL_PLACES, 'Cell In[$1], line $2');
  publish({ type: 'stream', name: 'stderr', text: `Uncaught ${text}\n` });
}

process.on('uncaughtException', (error) => {
  if (process.listenerCount('uncaughtException') > 1) return; // The author's listener has it.
  if (!cell) uncaught.push(error);
  else if (!cell.settled) settle(cell, failure(cell, error, { called: false }));
  else if (cell.outcome.type === 'result') cell.outcome = failure(cell, error, { called: false });
  else publishUncaught(error);
});

// Node's own form names the process, whose number differs from run to run.
process.on('warning', (warning) => process.stderr.write(`${warning.name}: ${warning.message}\n`));

process.on('exit', pickUp);

// --- cells -------------------------------------------------------------------------------------

let taken;

/** The value behind what the inspector's protocol says of it. */
function take(remote) {
  if (!('objectId' in remote)) return { value: remote.value, text: remote.unserializableValue };
  session.post('Runtime.callFunctionOn', {
    objectId: remote.objectId,
    functionDeclaration: '(value) => globalThis[Symbol.for("inkcell.take")](value)',
    arguments: [{ objectId: remote.objectId }],
  });
  session.post('Runtime.releaseObjectGroup', { objectGroup: 'cell' });
  const value = taken;
  taken = undefined;
  return { value };
}

function execute({ code, number, own }) {
  const running = { number, code, open: true, settled: false, evaluating: true, outcome: null };
  cell = running;
  for (const message of kept.splice(0)) send(message);
  for (const error of uncaught.splice(0)) {
    if (own && !running.settled) settle(running, failure(running, error, { called: false }));
    else publishUncaught(error);
  }
  if (running.settled) return;
  const source = rewriteImports(code);
  const expression = `${source}\n//# sourceURL=Cell[${number}]`;
  const options = { replMode: true, awaitPromise: true, objectGroup: 'cell' };
  session.post('Runtime.evaluate', { expression, ...options }, async (refused, reply) => {
    running.evaluating = false;
    if (running.settled || refused?.message.includes('terminated')) return; // By an interrupt.
    try {
      if (refused) throw new Error(refused.message);
      settle(running, await outcome(running, source, reply));
    } catch (error) {
      settle(running, failure(running, error));
    }
  });
}

/** What a cell ended with, from what the inspector says of it. */
function outcome(running, source, { result, exceptionDetails }) {
  if (exceptionDetails) {
    const { value, text } = take(exceptionDetails.exception);
    // Only what did not compile has a script here; everything else is a rejected promise.
    const line = exceptionDetails.scriptId && exceptionDetails.lineNumber + 1;
    return failure(running, text ?? value, { line });
  }
  if (result.type === 'undefined' || !endsInExpression(source)) {
    return { type: 'result', data: null };
  }
  if (result.unserializableValue) {
    return { type: 'result', data: { 'text/plain': result.unserializableValue } };
  }
  const { value } = take(result);
  const data = bundle(value);
  return typeof data.then === 'function'
    ? data.then((made) => ({ type: 'result', data: made }))
    : { type: 'result', data };
}

/** End the cell. Everything that is already due in this turn of the event loop is part of it. */
function settle(running, ended) {
  if (running.settled) return;
  running.settled = true;
  running.outcome = ended;
  if (running.evaluating) {
    // Node 22 aborts if the promise that a session waits for is collected.
    session.disconnect();
    session = connect();
  }
  nextTick(() => {
    pickUp();
    running.open = false;
    // Promises that nobody handles are found after the last tick.
    setImmediate(() => {
      send(running.outcome);
      cell = null;
    });
  });
}

function interrupt({ number }) {
  control.postMessage('answer');
  if (cell?.number !== number) return;
  const [ename, evalue] = ['KeyboardInterrupt', 'the cell was interrupted'];
  const ended = { type: 'error', ename, evalue, traceback: [`${ename}: ${evalue}`] };
  if (cell.settled) cell.outcome = ended;
  else settle(cell, ended);
}

const control = new Worker(path.join(__dirname, 'node_control.cjs'), { workerData: { requests } });
control.on('message', (request) => ({ execute, interrupt })[request.type](request));
