'use strict';
// The thread beside the author's: it hands requests over, and stops code that never gives way.

const { Session } = require('node:inspector');
const { Socket } = require('node:net');
const { createInterface } = require('node:readline');
const { parentPort, workerData } = require('node:worker_threads');

const PATIENCE = 100; // Milliseconds that the author's thread has to answer an interrupt.

let stopping;

const requests = new Socket({ fd: workerData.requests, readable: true, writable: false });
createInterface({ input: requests }).on('line', (line) => {
  const request = JSON.parse(line);
  parentPort.postMessage(request);
  if (request.type === 'interrupt') interrupt(request);
});

/** Ask again and again; every third time, end whatever keeps the author's thread from answering. */
function interrupt(request) {
  clearInterval(stopping);
  let asked = 1;
  stopping = setInterval(() => {
    asked += 1;
    // Ending the execution of a thread that is idle ends its next one: it may swallow a question.
    if (asked % 3 === 0) endExecution();
    else parentPort.postMessage(request);
  }, PATIENCE);
}

/** A session lives no longer than it must: Node would wait for it when the process ends. */
function endExecution() {
  const session = new Session();
  session.connectToMainThread();
  session.post('Runtime.terminateExecution', () => session.disconnect());
}

parentPort.on('message', () => clearInterval(stopping));

// The kernel is gone, so nobody will ever read what the author's thread does, even if it is busy.
requests.on('close', () => process.kill(process.pid, 'SIGKILL'));
