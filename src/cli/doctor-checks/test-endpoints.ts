import type { Config } from '../../config/index.js';
import { type Check, warn } from './check.js';

/** Worth a line only while it is on. */
export function checkTestEndpoints({ allowTestEndpoints }: Pick<Config, 'allowTestEndpoints'>): Check[] {
  if (!allowTestEndpoints) return [];
  return [
    warn(
      'test endpoints',
      'ARCHWAY_ALLOW_TEST_ENDPOINTS=1: this machine itself may play a provider, also by plain http',
      'remove the variable and start the server again before real traffic comes',
    ),
  ];
}
