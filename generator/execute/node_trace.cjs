'use strict';
// What a run is seen to use: modules that are resolved, and files that are opened for reading.

const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const { fileURLToPath } = require('node:url');
const { MessageChannel, receiveMessageOnPort } = require('node:worker_threads');

const MODULES = `${path.sep}node_modules${path.sep}`;

// Node before 22.15 resolves imports in a thread of its own, where hooks live too.
const HOOKS_OF_THREAD = `
let port;
export function initialize(data) { port = data.port; }
export async function resolve(specifier, context, next) {
  const found = await next(specifier, context);
  port.postMessage(found.url);
  return found;
}`;

/** Start watching. Returns a function that tells what was seen so far. */
function watch(root, here) {
  const seen = new Set();
  const note = (file) => {
    if (file instanceof URL || String(file).startsWith('file:')) {
      file = fileURLToPath(String(file).replace(/[?#].*$/, ''));
    }
    if (Buffer.isBuffer(file)) file = file.toString();
    if (typeof file === 'string' && !file.startsWith('node:')) seen.add(path.resolve(file));
  };
  const late = watchModules(note);
  watchFiles(note);
  return () => {
    late();
    return report(seen, root, here);
  };
}

/** Note what require and import resolve to. Returns a function that notes what is under way. */
function watchModules(note) {
  if (Module.registerHooks) {
    Module.registerHooks({
      resolve(specifier, context, next) {
        const found = next(specifier, context);
        note(found.url);
        return found;
      },
    });
    return () => {};
  }
  const { port1, port2 } = new MessageChannel();
  port1.unref();
  Module.register(`data:text/javascript,${encodeURIComponent(HOOKS_OF_THREAD)}`, {
    data: { port: port2 },
    transferList: [port2],
  });
  const resolve = Module._resolveFilename;
  Module._resolveFilename = function (...wanted) {
    const found = resolve.apply(this, wanted);
    if (path.isAbsolute(found)) note(found);
    return found;
  };
  return () => {
    for (let sent; (sent = receiveMessageOnPort(port1));) note(sent.message);
  };
}

/** Note what is opened for reading through any of Node's ways to do it. */
function watchFiles(note) {
  const reads = (flags = 'r') =>
    typeof flags === 'number'
      ? (flags & 3) !== fs.constants.O_WRONLY && !(flags & fs.constants.O_TRUNC)
      : flags.startsWith('r');
  const ofFlags = (flags) => (typeof flags === 'function' ? undefined : (flags ?? undefined));
  const ofOptions = (options) => options?.flag;
  const ways = [
    [fs, 'open', ofFlags], // also for streams
    [fs, 'openSync', ofFlags],
    [fs.promises, 'open', ofFlags],
    [fs, 'readFile', ofOptions],
    [fs, 'readFileSync', ofOptions],
    [fs.promises, 'readFile', ofOptions],
  ];
  for (const [owner, name, flagsOf] of ways) {
    const original = owner[name];
    const watched = {
      [name](file, ...rest) {
        // A number or a FileHandle was opened, and noted, before.
        const named = typeof file === 'string' || Buffer.isBuffer(file) || file instanceof URL;
        if (named && reads(flagsOf(rest[0]))) note(file);
        return original.call(this, file, ...rest);
      },
    }[name];
    owner[name] = Object.defineProperties(watched, Object.getOwnPropertyDescriptors(original));
  }
  Module.syncBuiltinESMExports();
}

function report(seen, root, here) {
  const packages = {};
  const files = new Set();
  const inside = fs.realpathSync(root) + path.sep;
  const beside = ['package.json', 'package-lock.json'].map((name) => path.join(here, name));
  for (const name of [...seen, ...beside]) {
    const file = realFile(name);
    if (file?.includes(MODULES)) Object.assign(packages, packageOf(file));
    else if (file?.startsWith(inside)) files.add(file);
  }
  const sorted = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)));
  const interpreter = `Node ${process.versions.node}`;
  return { interpreter, packages: sorted, files: [...files].sort(), here };
}

/** The real path of a file; null if there is none, or not any more. */
function realFile(name) {
  try {
    return fs.statSync(name).isFile() ? fs.realpathSync(name) : null;
  } catch {
    return null;
  }
}

/** The package that a file belongs to: its folder's name below node_modules, and its version.
 *
 * A copy that only another package sees is named as in a lock file: `a/node_modules/b`.
 */
function packageOf(file) {
  const last = file.lastIndexOf(MODULES) + MODULES.length;
  const parts = file.slice(last).split(path.sep);
  const name = parts.slice(0, parts[0].startsWith('@') ? 2 : 1).join('/');
  const first = file.indexOf(MODULES) + MODULES.length;
  const key = file.slice(first, last).replaceAll(path.sep, '/') + name;
  try {
    const text = fs.readFileSync(path.join(file.slice(0, last), name, 'package.json'), 'utf8');
    return { [key]: JSON.parse(text).version ?? '' };
  } catch {
    return {};
  }
}

module.exports = { watch };
