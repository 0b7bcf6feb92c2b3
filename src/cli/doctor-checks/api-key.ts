import { join } from 'node:path';
import type { Config } from '../../config/index.js';
import { type Check, fail, ok, warn } from './check.js';
import { errorCode, isOpenToOthers, octalMode, statOptional } from './files.js';

const name = 'API key';

/** Whether the commands find a key, and nobody else does. */
export async function checkApiKey(config: Config): Promise<Check> {
  const file = join(config.dataDirectory, 'admin-key');
  const stats = await statOptional(file).catch(errorCode);
  if (typeof stats === 'string') {
    return fail(name, `${file} cannot be read (${stats})`, 'run as the user who runs the server');
  }
  // Judged also where ARCHWAY_API_KEY is used instead: an open file is an open door.
  if (stats !== undefined && isOpenToOthers(stats)) {
    return fail(name, `${file} is open to other users (mode ${octalMode(stats)})`, `chmod 600 ${file}`);
  }
  if (config.apiKey !== undefined) return ok(name, 'from ARCHWAY_API_KEY');
  if (stats === undefined) {
    return warn(
      name,
      `${file} does not exist and ARCHWAY_API_KEY is not set`,
      'the first start writes it; if you keep your keys elsewhere, set ARCHWAY_API_KEY for the command line',
    );
  }
  return ok(name, file);
}
