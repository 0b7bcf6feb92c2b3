import { type AccountCheck, type CheckContext, Failure } from 'archway/sdk';
import { loadLibrary } from './session/library.js';
import { isWhatsApp, type WhatsAppSettings, whatsappSocket } from './settings.js';

/** What can be seen without the session: whether the library is there, and whether WhatsApp answers. */
export async function check(context: CheckContext<WhatsAppSettings>): Promise<AccountCheck[]> {
  return [await checkLibrary(), ...checkOwn(context.settings), await checkSocket(context)];
}

async function checkLibrary(): Promise<AccountCheck> {
  const name = 'library';
  try {
    await loadLibrary();
    return { name, ok: true, detail: 'The library that speaks WhatsApp’s protocol is installed.' };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { name, ok: false, detail: error.message, remedy: 'Install it, and start the gateway again.' };
  }
}

function checkOwn(settings: WhatsAppSettings): AccountCheck[] {
  if (isWhatsApp(settings)) return [];
  const detail = `The socket is not WhatsApp’s own (${whatsappSocket}): what comes over it is a test.`;
  const remedy =
    'For real traffic: archway account set, with socketUrl left out, and no ARCHWAY_ALLOW_TEST_ENDPOINTS.';
  return [{ name: 'test-endpoint', ok: false, detail, remedy }];
}

/** Any answer will do: a server of WebSockets has none for a plain request. */
async function checkSocket({ settings, signal }: CheckContext<WhatsAppSettings>): Promise<AccountCheck> {
  const name = 'socket';
  const url = new URL(settings.socketUrl);
  const { host } = url;
  url.protocol = url.protocol === 'wss:' ? 'https:' : 'http:';
  try {
    const response = await fetch(url, { redirect: 'manual', signal });
    await response.body?.cancel();
    return { name, ok: true, detail: `${host} answers.` };
  } catch (error) {
    let cause: unknown = error;
    while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause;
    const reason = cause instanceof Error ? cause.message : 'no reason was given';
    return {
      name,
      ok: false,
      detail: `${host} could not be reached: ${reason}.`,
      remedy: `Let this machine reach ${host} at port ${url.port || 443}.`,
    };
  }
}
