// SPDX-License-Identifier: BSD-2-Clause
//
// push.d.ts says what push.js is.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';

import { World } from './world.js';

const pathOf = (name) => fileURLToPath(new URL(name, import.meta.url));
const LANGUAGE = '--target es2022 --module es2022 --moduleResolution bundler --lib es2022,dom';
const OPTIONS = `--strict --noEmit ${LANGUAGE}`.split(' ');

const declarations = pathOf('../../www/push.d.ts');
const { statements } = ts.createSourceFile(declarations, ts.sys.readFile(declarations), ts.ScriptTarget.ES2022, true);

const isExported = (node) => node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
const isStatic = (node) => node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword);
const isReadonly = (node) => node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ReadonlyKeyword);
const classes = statements.filter((node) => ts.isClassDeclaration(node) && isExported(node));

/** What a class declares: names of its members, its constructor aside. */
const declared = ({ members }, filter) =>
  [...new Set(members.filter((node) => node.name && filter(node)).map((node) => node.name.text))].sort();

const own = (object) => Object.getOwnPropertyNames(object).filter((name) => name !== 'constructor').sort();

test('a typed program may use all of it, and none of it wrongly', async () => {
  const tsc = [pathOf('../node_modules/typescript/bin/tsc'), ...OPTIONS, pathOf('types/every_member.ts')];
  const run = promisify(execFile)(process.execPath, tsc);
  const { stdout } = await run.catch((error) => error);
  assert.equal(stdout, '');
});

test('the module exports the classes that are declared, and nothing else', async () => {
  const module = await import('../../www/push.js');
  assert.deepEqual(Object.keys(module).sort(), classes.map(({ name }) => name.text).sort());
  for (const { name } of classes) assert.equal(module[name.text].name, name.text);
});

/** One of each class, by its name. */
function makeAll() {
  const tab = new World().tab();
  return {
    PushSource: new tab.PushSource('/events'),
    Polling: new tab.Polling({ request: async () => {} }),
    LongPolling: new tab.LongPolling({ url: '/subscribe' }),
  };
}

test('each class has the members that are declared, and no others', () => {
  const made = makeAll();
  for (const node of classes) {
    const inherited = new Set(['addEventListener']); // declared where only its types are special
    const one = made[node.name.text];
    const members = [...own(Object.getPrototypeOf(one)), ...own(one)].sort();
    const isHere = (name) => members.includes(name) || !inherited.has(name);
    const here = declared(node, (member) => !isStatic(member)).filter(isHere);
    assert.deepEqual(members, here, node.name.text);
    const statics = own(one.constructor).filter((name) => !['length', 'name', 'prototype'].includes(name));
    assert.deepEqual(statics, declared(node, isStatic), `static members of ${node.name.text}`);
  }
  made.PushSource.close();
});

test('each class descends from the one that is declared', async () => {
  const module = await import('../../www/push.js');
  for (const node of classes) {
    const parent = node.heritageClauses[0].types[0].expression.text;
    assert.equal(Object.getPrototypeOf(module[node.name.text]), module[parent] ?? globalThis[parent]);
  }
});

test('what is declared readonly cannot be written, and the rest can', () => {
  const made = makeAll();
  for (const node of classes) {
    for (const member of node.members.filter((each) => ts.isPropertyDeclaration(each) && !isStatic(each))) {
      const write = () => { made[node.name.text][member.name.text] = null; };
      if (isReadonly(member)) assert.throws(write, TypeError, member.name.text);
      else assert.doesNotThrow(write, member.name.text);
    }
  }
  made.PushSource.close();
});

test('the options of a source that are declared are those that it reads', () => {
  const interfaceOf = (name) => statements.find((node) => ts.isInterfaceDeclaration(node) && node.name.text === name);
  const tab = new World().tab();
  const readBy = (make, given = {}) => {
    const read = new Set();
    make(new Proxy(given, { get: (target, name) => (read.add(name), target[name]) }));
    return [...read].sort();
  };
  const names = (name) => interfaceOf(name).members.map((member) => member.name.text).sort();
  assert.deepEqual(readBy((options) => new tab.PushSource('/events', options).close()), names('PushSourceOptions'));
  assert.deepEqual(readBy((options) => new tab.Polling(options)), names('PollingOptions'));
  assert.deepEqual(readBy((options) => new tab.LongPolling(options), { url: '/' }), names('LongPollingOptions'));
});
