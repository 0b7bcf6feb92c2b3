import { Failure } from 'archway/sdk';

export type Library = typeof import('@whiskeysockets/baileys');

let loading: Promise<Library> | undefined;

/**
 * The library that speaks WhatsApp's protocol. It is an optional dependency, loaded when a session begins.
 *
 * @throws {Failure} `config` where it was left out of the installation.
 */
export function loadLibrary(): Promise<Library> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Library> {
  muteSignal();
  tolerateStrayRejections();
  try {
    return await import('@whiskeysockets/baileys');
  } catch (cause) {
    loading = undefined;
    if (!isMissing(cause)) throw cause;
    throw new Failure(
      'config',
      'WhatsApp is not part of this installation: @whiskeysockets/baileys was left out. Install without ' +
        '--omit=optional (of the container image: build it with the argument WHATSAPP=yes), and start again.',
      { cause },
    );
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
}

const levels = ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const;
let muted = false;

/**
 * The library's Signal implementation prints whole sessions, private keys and all, when it closes one. What it says to the
 * console goes nowhere; what others say goes on.
 */
function muteSignal(): void {
  if (muted) return;
  muted = true;
  const { console: target } = globalThis;
  for (const level of levels) {
    const say = target[level].bind(target);
    target[level] = (...parts: unknown[]) => {
      if (!isOfLibrary(new Error().stack)) say(...parts);
    };
  }
}

function isOfLibrary(stack = ''): boolean {
  return /node_modules[\\/](libsignal|@whiskeysockets)[\\/]/.test(stack);
}

let tolerant = false;

/**
 * Some of the library's listeners answer a stanza without minding that the connection may have ended meanwhile, and nobody hears of
 * their rejection. That must not end the process, and with it the sessions of all others; any other stray rejection does, as ever.
 */
function tolerateStrayRejections(): void {
  if (tolerant) return;
  tolerant = true;
  process.on('unhandledRejection', (reason) => {
    if (reason instanceof Error && isOfLibrary(reason.stack)) return;
    throw reason;
  });
}

/** The library would log stanzas, keys and numbers: it gets a logger that says nothing. */
export const silentLogger = {
  level: 'silent',
  child: () => silentLogger,
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
