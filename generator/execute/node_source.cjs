'use strict';
// A cell's source -> what V8's REPL mode can run, with every line where it was.
//
// REPL mode knows top-level await and names declared again, but neither import statements nor
// import(): these become calls of a loader that resolves names from the post's folder. Names
// imported by a statement are constants of the cell, not the module's live bindings.

const { Script } = require('node:vm');

const LOAD = 'globalThis[Symbol.for("inkcell.load")]';
const META = 'globalThis[Symbol.for("inkcell.meta")]';

const SPACE = /(?:\s+|\/\/[^\n]*|\/\*[^]*?\*\/)+/uy;
const TOKENS = [
  ['string', /"(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*'/uy],
  ['word', /[\p{ID_Start}$_#\\][\p{ID_Continue}$\\\u200c\u200d]*/uy],
  ['number', /\.?\d(?:[eE][+-]|[\w.])*/uy],
  ['sign', /\.{3}|\+\+|--|[^]/uy],
];
const TEMPLATE = /(?:[^`\\$]|\\[^]|\$(?!\{))*(?:`|\$\{|$)/uy;
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/uy;

const LAST_SEMICOLON = /;((?:\s+|\/\/[^\n]*|\/\*[^]*?\*\/)*)$/u;
const CONTINUES = new Set(['in', 'instanceof']);
const BEFORE_REGEX = new Set(
  'await case delete do else in instanceof new of return throw typeof void yield'.split(' '),
);
const BEFORE_CONDITION = new Set(['for', 'if', 'while', 'with']);

/** A cell's source with its imports replaced. */
function rewriteImports(source) {
  if (!/\bimport\b/.test(source)) return source;
  const tokens = tokenize(source);
  let rewritten = '';
  let done = 0;
  for (const [index, token] of tokens.entries()) {
    if (token.text !== 'import' || token.start < done || tokens[index - 1]?.text === '.') continue;
    const found = dynamicImport(source, tokens, index) ?? importStatement(tokens, index);
    if (!found) continue; // V8 will say what is wrong with it.
    const replaced = source.slice(token.start, found.end);
    rewritten += source.slice(done, token.start) + found.text;
    rewritten += '\n'.repeat(replaced.split('\n').length - 1);
    done = found.end;
  }
  return rewritten + source.slice(done);
}

/** All but space and comments; `depth` is the number of brackets around a token. */
function tokenize(source) {
  const tokens = [];
  const open = []; // The tokens of the brackets that are open, innermost last.
  let at = 0;
  const match = (pattern) => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0];
  };
  while (at < source.length) {
    at += match(SPACE)?.length ?? 0;
    if (at >= source.length) break;
    let [type, text] = ['sign', source[at]];
    if (text === '`' || (text === '}' && open.at(-1)?.text.endsWith('${'))) {
      if (text === '}') open.pop();
      at += 1;
      text += match(TEMPLATE);
      at -= 1;
      type = 'template';
    } else if (text === '/' && startsRegex(tokens) && match(REGEX)) {
      [type, text] = ['regex', match(REGEX)];
    } else {
      [type, text] = TOKENS.map(([name, pattern]) => [name, match(pattern)]).find((t) => t[1]);
    }
    const token = { type, text, start: at, end: at + text.length };
    if (type === 'sign' && ')]}'.includes(text)) token.opened = open.pop();
    token.depth = open.length;
    token.before = tokens.at(-1);
    if ((type === 'sign' && '([{'.includes(text)) || (type === 'template' && text.endsWith('${'))) {
      open.push(token);
    }
    tokens.push(token);
    at = token.end;
  }
  return tokens;
}

/** Whether a slash after these tokens starts a regular expression, not a division. */
function startsRegex(tokens) {
  const before = tokens.at(-1);
  if (!before) return true;
  if (before.type === 'word') return BEFORE_REGEX.has(before.text);
  if (before.type === 'template') return before.text.endsWith('${');
  if (before.type !== 'sign') return false;
  if (before.text === ')') return BEFORE_CONDITION.has(before.opened?.before?.text);
  return !['++', '--', ']'].includes(before.text);
}

/** What stands for `import(` or `import.meta`. */
function dynamicImport(source, tokens, index) {
  const [token, next, third] = tokens.slice(index, index + 3);
  if (next?.text === '.' && third?.text === 'meta') return { text: META, end: third.end };
  if (next?.text !== '(') return null;
  const close = tokens.findIndex((other) => other.opened === next);
  const body = tokens[close + 1];
  if (body?.text === '{' && !source.slice(tokens[close].end, body.start).includes('\n')) {
    return null; // A method of that name.
  }
  return { text: LOAD, end: token.end };
}

/** What stands for an import statement at the top level of a cell. */
function importStatement(tokens, index) {
  if (tokens[index].depth > 0) return null;
  let at = index + 1;
  const take = (wanted) => {
    const token = tokens[at];
    if (token?.text !== wanted && token?.type !== wanted) return null;
    at += 1;
    return token.text;
  };
  const names = []; // [name of the export, name in the cell]
  let namespace = null;
  if (tokens[at]?.type !== 'string') {
    const main = take('word');
    if (main) names.push(['default', main]);
    if (!main || take(',')) {
      if (take('*')) {
        namespace = take('as') && take('word');
        if (!namespace) return null;
      } else if (take('{')) {
        while (!take('}')) {
          const exported = take('word') ?? take('string');
          if (!exported) return null;
          names.push([exported, take('as') ? take('word') : exported]);
          if (!take(',') && tokens[at]?.text !== '}') return null;
        }
      } else return null;
    }
    if (!take('from')) return null;
  }
  const specifier = take('string');
  if (!specifier) return null;
  let options = 'undefined';
  if (['with', 'assert'].includes(tokens[at]?.text) && tokens[at + 1]?.text === '{') {
    const close = tokens.findIndex((token) => token.opened === tokens[at + 1]);
    if (close < 0) return null;
    options = `{${tokens[at].text}: ${tokens
      .slice(at + 1, close + 1)
      .map((t) => t.text)
      .join(' ')}}`;
    at = close + 1;
  }
  take(';');
  const quoted = names.map(([name]) => (/^["']/.test(name) ? name : JSON.stringify(name)));
  const load = `await ${LOAD}(${specifier}, ${options}, [${quoted}])`;
  const picked = `{${names.map(([name, local]) => `${name}: ${local}`).join(', ')}}`;
  let text = `${load};`;
  if (namespace) text = `const ${namespace} = ${load}, ${picked} = ${namespace};`;
  else if (tokens[index + 1].type !== 'string') text = `const ${picked} = ${load};`;
  return { text, end: tokens[at - 1].end };
}

/** Whether the last statement of a source is an expression: only then has a cell a value.
 *
 * For V8 the value of `f(); const x = 1;` is that of `f()`, and a loop has one too.
 */
function endsInExpression(source) {
  const tokens = tokenize(source);
  const compiles = (text) => {
    try {
      return Boolean(new Script(`async () => ${text}`));
    } catch {
      return false;
    }
  };
  for (const token of tokens.reverse()) {
    if (token.depth > 0 || !mayStart(source, token)) continue;
    const rest = source.slice(token.start);
    const apart = [source.slice(0, token.start), rest].every((part) => compiles(`{\n${part}\n}`));
    if (!apart) continue;
    const declares = /^(?:class\b|function\b|async\s+function\b|\{)/.test(rest);
    return !declares && compiles(`(\n${rest.replace(LAST_SEMICOLON, '$1')}\n)`);
  }
  return true;
}

/** Whether a statement may start at a token: V8 knows better, but not where to look. */
function mayStart(source, token) {
  const { before } = token;
  if (!before || before.text === ';' || before.text === '}') return token.text !== ';';
  const wordlike = token.type !== 'sign' && token.type !== 'template' && token.type !== 'regex';
  const starts =
    (wordlike && !CONTINUES.has(token.text)) || ['{', '++', '--', '!', '~'].includes(token.text);
  return starts && source.slice(before.end, token.start).includes('\n');
}

module.exports = { endsInExpression, rewriteImports };
