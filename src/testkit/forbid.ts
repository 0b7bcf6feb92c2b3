import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import os from 'node:os';

/** One way out of a pure function: an object and the names of its functions that are shut. */
interface Door {
  readonly owner: object;
  readonly names: readonly string[];
  readonly what: string;
}

const doors: readonly Door[] = [
  { owner: globalThis, names: ['fetch'], what: 'the network' },
  {
    owner: globalThis,
    names: ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'],
    what: 'a timer',
  },
  { owner: Math, names: ['random'], what: 'randomness' },
  { owner: globalThis.crypto, names: ['randomUUID', 'getRandomValues'], what: 'randomness' },
  { owner: crypto, names: ['randomUUID', 'randomBytes', 'randomInt', 'randomFillSync'], what: 'randomness' },
  { owner: performance, names: ['now'], what: 'the clock' },
  { owner: process, names: ['hrtime', 'uptime', 'cwd'], what: 'the process' },
  {
    owner: fs,
    names: ['readFileSync', 'writeFileSync', 'appendFileSync', 'openSync', 'existsSync', 'statSync'],
    what: 'files',
  },
  { owner: fs, names: ['readFile', 'writeFile', 'appendFile', 'open', 'createReadStream'], what: 'files' },
  { owner: fs.promises, names: ['readFile', 'writeFile', 'appendFile', 'open'], what: 'files' },
  { owner: http, names: ['request', 'get'], what: 'the network' },
  { owner: https, names: ['request', 'get'], what: 'the network' },
  { owner: net, names: ['connect', 'createConnection'], what: 'the network' },
  { owner: os, names: ['hostname', 'userInfo', 'networkInterfaces'], what: 'the machine' },
];

export interface Watched<Value> {
  readonly value: Value;
  /** What the call reached for, such as `the clock (Date.now)`. Empty for a pure function. */
  readonly reachedFor: readonly string[];
}

/**
 * Runs a synchronous call while the clock, randomness, timers, files, the network and the environment are shut: each
 * throws, and is noted even if the call catches that. Not a sandbox: it finds what is careless, not what is hostile.
 */
export function withoutSurroundings<Value>(call: () => Value): Watched<Value> {
  const reachedFor: string[] = [];
  const deny = (what: string) => {
    reachedFor.push(what);
    throw new Error(`${what} is out of bounds here.`);
  };
  const restore: (() => void)[] = [];
  try {
    for (const door of doors) shut(door, deny, restore);
    shutDate(deny, restore);
    shutEnvironment(deny, restore);
    syncBuiltinESMExports();
    return { value: call(), reachedFor };
  } finally {
    for (const open of restore.reverse()) open();
    syncBuiltinESMExports();
  }
}

function shut({ owner, names, what }: Door, deny: (what: string) => void, restore: (() => void)[]): void {
  for (const name of names) replace(owner, name, () => deny(`${what} (${name})`), restore);
}

function replace(owner: object, name: string, value: unknown, restore: (() => void)[]): void {
  const original = Object.getOwnPropertyDescriptor(owner, name);
  Object.defineProperty(owner, name, { value, configurable: true, writable: true, enumerable: true });
  restore.push(() => {
    if (original === undefined) Reflect.deleteProperty(owner, name);
    else Object.defineProperty(owner, name, original);
  });
}

/** `new Date(value)` stays: reading a time out of a capture is what a parser does. */
function shutDate(deny: (what: string) => void, restore: (() => void)[]): void {
  const shutDown = new Proxy(Date, {
    construct(target, given, newTarget) {
      if (given.length === 0) deny('the clock (new Date())');
      return Reflect.construct(target, given, newTarget) as object;
    },
    apply: () => deny('the clock (Date())'),
    get(target, name, receiver) {
      return name === 'now' ? () => deny('the clock (Date.now)') : Reflect.get(target, name, receiver);
    },
  });
  replace(globalThis, 'Date', shutDown, restore);
}

function shutEnvironment(deny: (what: string) => void, restore: (() => void)[]): void {
  const shutDown = new Proxy(process.env, {
    get: (_, name) => deny(`the environment (${String(name)})`),
    has: (_, name) => {
      deny(`the environment (${String(name)})`);
      return false;
    },
  });
  replace(process, 'env', shutDown, restore);
}
